using Microsoft.Extensions.Logging;
using Tandem.Server.Metrics;

namespace Tandem.Server.Listeners;

/// <summary>One line a minute for all connections that the gate refused in that minute, and none when there were none.</summary>
internal sealed partial class ConnectionLog(ConnectionGate gate, TimeProvider time, ILogger<ConnectionLog> logger) : MinuteLog(time, logger)
{
    private RefusedConnections _told;

    /// <inheritdoc />
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        if (gate.Limits.Total < ConnectionLimits.Most)
        {
            FewFiles(Logger, gate.Limits.Total, gate.Limits.Source);
        }

        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc />
    protected override void Tell()
    {
        var now = gate.Refused;
        var (source, full) = (now.Source - _told.Source, now.Full - _told.Full);
        _told = now;
        if (source + full > 0)
        {
            Refused(Logger, source, gate.Limits.Source, gate.Limits.Proxy, full, gate.TakeExample()?.ToString() ?? "an unknown address");
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The limit of open files allows {Total} connections at once, and {Source} from one address. "
        + "For more, raise the limit before the start: ulimit -n 65536, or LimitNOFILE=65536 in the systemd unit.")]
    private static partial void FewFiles(ILogger logger, int total, int source);

    [LoggerMessage(2, LogLevel.Warning, "Connections refused in the last minute: {Source} from addresses that had too many open ({Share}, or "
        + "{ProxyShare} for loopback and trusted proxies), {Full} because too many were open in all. One was from {Address}.")]
    private static partial void Refused(ILogger logger, long source, int share, int proxyShare, long full, string address);
}
