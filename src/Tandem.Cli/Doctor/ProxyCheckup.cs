using System.Runtime.CompilerServices;

namespace Tandem.Cli.Doctor;

/// <summary>The proxies that the environment names for outgoing calls: whether clients that are meant for Tandem reach it, and whether tokens go to whom they should.</summary>
internal sealed class ProxyCheckup : ICheckup
{
    private const string Check = "proxy variables";

    public async IAsyncEnumerable<Finding> ExamineAsync(Subject subject, [EnumeratorCancellation] CancellationToken cancel)
    {
        await Task.CompletedTask;
        var findings = Conflicts().Concat(Exceptions(subject)).Concat(Server()).ToList();
        foreach (var finding in findings)
        {
            yield return finding;
        }

        if (findings.Count == 0)
        {
            yield return Finding.Ok(Check, Https() is { } proxy ? $"calls by https go through {Shown(proxy)}." : "none is set: calls go straight to where they are meant for.");
        }
    }

    private static IEnumerable<Finding> Conflicts() =>
        from name in (string[])["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"]
        let lower = name.ToLowerInvariant()
        where Variable(name) is { } one && Variable(lower) is { } other && !string.Equals(one, other, StringComparison.Ordinal)
        select Finding.Warn(Check, $"{name} and {lower} say different things. Some clients read the one, some the other.", $"unset one of the two");

    /// <summary>The trap: with an exception for Twilio in NO_PROXY, a client that should come here goes to Twilio, with a token of Tandem's.</summary>
    private static IEnumerable<Finding> Exceptions(Subject subject)
    {
        var exceptions = (Variable("NO_PROXY") ?? Variable("no_proxy") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (exceptions.FirstOrDefault(e => e is "*" || "accounts.twilio.com".EndsWith(e.TrimStart('*', '.'), StringComparison.OrdinalIgnoreCase)) is { } trap && (Https() ?? Variable("HTTP_PROXY")) is { } proxy)
        {
            yield return LeadsHere(subject)
                ? Finding.Fail(Check, $"NO_PROXY holds {trap}, so clients do not come through Tandem's proxy but call Twilio itself, with Tandem's tokens.", "unset NO_PROXY no_proxy, as tandem env does")
                : Finding.Warn(Check, $"NO_PROXY holds {trap}: calls to Twilio do not go through {Shown(proxy)}.", "unset NO_PROXY no_proxy, if that is not meant");
        }
        else if (LeadsHere(subject))
        {
            yield return Finding.Warn(Check, "the proxy is Tandem's own: in this shell --twilio, too, means Tandem and not Twilio.", "unset HTTP_PROXY HTTPS_PROXY https_proxy, for Twilio itself");
        }
    }

    private static IEnumerable<Finding> Server()
    {
        if (Variable("TANDEM_SERVER") is { } named && Uri.TryCreate(named, UriKind.Absolute, out var server) && !server.IsLoopback
            && HttpClient.DefaultProxy.GetProxy(server) is { } proxy && proxy != server)
        {
            yield return Finding.Warn(Check, $"calls to {server.Authority} go through the proxy {proxy.Authority}{(server.Scheme is "http" ? ", which reads the tokens in them" : "")}.", $"export NO_PROXY={server.Host}, if that is not meant");
        }
    }

    /// <summary>Whether clients of Twilio are sent to the server that runs here. Twilio's library for Node.js reads the upper-case HTTP_PROXY alone, for https as well.</summary>
    private static bool LeadsHere(Subject subject) => subject.Server?.TwilioProxy is { } own
        && new[] { Https(), Variable("HTTP_PROXY") }.Any(proxy => proxy is not null && string.Equals(Shown(proxy), own, StringComparison.Ordinal));

    private static string? Https() => Variable("HTTPS_PROXY") ?? Variable("https_proxy");

    /// <summary>Without the password that may stand in it.</summary>
    private static string Shown(string proxy) => Uri.TryCreate(proxy, UriKind.Absolute, out var uri) ? uri.Authority : "a proxy";

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
