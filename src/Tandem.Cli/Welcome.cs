using System.Globalization;
using System.Text;
using Tandem.Client;
using Tandem.Server;

namespace Tandem.Cli;

/// <summary>What a server that has started tells whoever started it: what there is, where it lies, where it listens, what to do next.</summary>
internal static class Welcome
{
    /// <summary>The text.</summary>
    /// <param name="startup">What was opened.</param>
    /// <param name="server">Where it listens.</param>
    /// <param name="setUp">What the first administrator needs to know; empty when there is a user.</param>
    public static string Text(TandemStartup startup, ServerInfo server, string setUp)
    {
        var (directory, options) = (startup.Directory, startup.Options);
        var url = RunningServer.ReachableFromHere(options.PublicUrl?.GetLeftPart(UriPartial.Authority) ?? server.Listen[0]);
        var text = new StringBuilder();
        Line($"tandem {server.Version}   data {directory.Root}{(directory.IsNew ? " (new)" : "")}   database {Path.GetFileName(directory.Database)} (schema {startup.Store.SchemaVersion})");
        if (startup.RootKeyIsNew)
        {
            Line($"made the root key {directory.RootKey} (0600). Back it up, apart from the database: without it no token can be checked.");
        }

        foreach (var warning in startup.Warnings)
        {
            Line($"warning: {warning}");
        }

        Line($"");
        Line($"  Console  {url}/");
        foreach (var address in server.Listen)
        {
            Line($"  API      {address}/v1/AuthTokens/{{Secondary,Promote}}   {address}/2010-04-01/Accounts.json");
        }

        Line($"  Health   {server.Listen[0]}/health");
        if (server.TwilioProxy is { } proxy)
        {
            Line($"  Twilio   CONNECT proxy for *.twilio.com:443 at {proxy}; its CA {server.TwilioProxyCa}");
            Line($"           settings for a client: tandem env node --data {Shell.Quote(directory.Root)}");
        }

        Line($"  Admin    {directory.AdminSocket} (0600): tandem account list --data {Shell.Quote(directory.Root)}");
        text.Append(setUp);

        if (startup.FirstAccount.FileExists)
        {
            Line($"");
            Line($"The first account's SID and token are in {directory.FirstAccount} (0600). It is the one plaintext: copy it");
            Line($"to where it is needed; the file is erased by the call that retires its token.");
            Line($"");
            Line($"Next: rotate that token. Paste this in another shell:");
            Line($"");
            Line($"  . {Shell.Quote(directory.FirstAccount)}; for step in Secondary Promote; do printf 'user = \"%s:%s\"\\n' \"$TWILIO_ACCOUNT_SID\" \"$TWILIO_AUTH_TOKEN\" | curl -sS -K - -X POST {url}/v1/AuthTokens/$step; echo; done");
            Line($"");
            Line($"Keep the auth_token of the second answer: it is the new primary, shown there and nowhere else.");
        }

        if (options.Listen.All(l => System.Net.IPAddress.IsLoopback(l.Address)))
        {
            Line($"");
            Line($"listening on loopback only. To serve other machines: --listen 0.0.0.0:7420 with --tls-cert and --tls-key");
        }

        return text.ToString();

        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
    }

    /// <summary>
    /// How to create the first administrator. The link is a secret, so it is made for a terminal only: other outputs end in journals, container
    /// logs and files, which keep it and which more people read.
    /// </summary>
    /// <param name="services">Of the running server.</param>
    /// <param name="data">Its data directory.</param>
    /// <param name="isTerminal">Whether a person reads this output as it is written.</param>
    public static async Task<string> SetUpAsync(IServiceProvider services, string data, bool isTerminal)
    {
        var command = $"tandem setup-link --data {Shell.Quote(data)}";
        var text = !await RunningServer.NeedsSetUpAsync(services) ? ""
            : !isTerminal ? $"""

               No administrator yet. This prints a one-time link to create one:

                 {command}

               """
            : await RunningServer.CreateSetupLinkAsync(services) is { } link ? $"""

               No administrator yet. Open this link within 30 minutes to create one:

                 {link.Url}

               It works once. A new one: {command}

               """
            : "";
        return text.ReplaceLineEndings("\n");
    }
}
