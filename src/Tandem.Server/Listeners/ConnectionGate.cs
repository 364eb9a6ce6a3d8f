using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Tandem.Server.Listeners;

/// <summary>
/// Counts open connections by their source and closes one at once that is over a limit, before anything is read from it. One source alone
/// can therefore never take the connections of the others, and strangers never those of the trusted proxies. All listeners of the network share one.
/// </summary>
/// <param name="limits">The limits.</param>
/// <param name="proxies">The networks of trusted proxies.</param>
internal sealed class ConnectionGate(ConnectionLimits limits, IReadOnlyList<IPNetwork> proxies)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, int> _bySource = [];
    private int _open;
    private int _others;
    private RefusedConnections _refused;
    private IPAddress? _example;

    /// <summary>The limits.</summary>
    public ConnectionLimits Limits => limits;

    /// <summary>A gate for the administration socket, which a flood from the network must never shut out.</summary>
    public static ConnectionGate ForAdministration(ConnectionLimits limits) =>
        new(limits with { Total = limits.Administration, Proxy = limits.Administration }, []);

    /// <summary>The connections refused since the start.</summary>
    public RefusedConnections Refused
    {
        get
        {
            lock (_lock)
            {
                return _refused;
            }
        }
    }

    /// <summary>The middleware; it goes first on its listener.</summary>
    public ConnectionDelegate Before(ConnectionDelegate next) => connection =>
    {
        var address = (connection.RemoteEndPoint as IPEndPoint)?.Address;
        var (source, isProxy) = (Throttle.SourceOf(address), IsProxy(address));
        return TryEnter(source, isProxy, address) ? HoldAsync(next, connection, source, isProxy) : Close(connection);
    };

    /// <summary>The address of one refused connection since the last call; null when there was none.</summary>
    public IPAddress? TakeExample()
    {
        lock (_lock)
        {
            var example = _example;
            _example = null;
            return example;
        }
    }

    private async Task HoldAsync(ConnectionDelegate next, ConnectionContext connection, ulong source, bool isProxy)
    {
        try
        {
            await next(connection);
        }
        finally
        {
            Leave(source, isProxy);
        }
    }

    private bool TryEnter(ulong source, bool isProxy, IPAddress? address)
    {
        lock (_lock)
        {
            var held = _bySource.GetValueOrDefault(source);
            if (held >= (isProxy ? limits.Proxy : limits.Source))
            {
                (_refused, _example) = (_refused with { Source = _refused.Source + 1 }, address);
                return false;
            }

            if (_open >= limits.Total || (!isProxy && _others >= limits.Others))
            {
                (_refused, _example) = (_refused with { Full = _refused.Full + 1 }, address);
                return false;
            }

            _bySource[source] = held + 1;
            _open++;
            _others += isProxy ? 0 : 1;
            return true;
        }
    }

    private void Leave(ulong source, bool isProxy)
    {
        lock (_lock)
        {
            if (_bySource[source] == 1)
            {
                _bySource.Remove(source);
            }
            else
            {
                _bySource[source]--;
            }

            _open--;
            _others -= isProxy ? 0 : 1;
        }
    }

    /// <summary>A proxy on this machine is the usual caller, so loopback counts as one without being named.</summary>
    private bool IsProxy(IPAddress? address)
    {
        if (address is null)
        {
            return true;
        }

        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return IPAddress.IsLoopback(plain) || proxies.Any(network => network.Contains(plain));
    }

    private static Task Close(ConnectionContext connection)
    {
        connection.Abort();
        return Task.CompletedTask;
    }
}

/// <summary>Numbers of refused connections.</summary>
/// <param name="Source">Refused because their source held its share.</param>
/// <param name="Full">Refused because too many connections were open in all.</param>
internal readonly record struct RefusedConnections(long Source, long Full);
