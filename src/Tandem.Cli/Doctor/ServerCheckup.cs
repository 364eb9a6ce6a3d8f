using System.Net;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Tandem.Client;
using Tandem.Server;
using Tandem.Server.Listeners;

namespace Tandem.Cli.Doctor;

/// <summary>The running server: its socket, its version, its alarms, whether it answers; and whether what stands in front of an API lets wrong credentials in.</summary>
/// <param name="guarded">A URL behind the proxy that asks Tandem; null when none was named.</param>
internal sealed class ServerCheckup(Uri? guarded) : ICheckup
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    public async IAsyncEnumerable<Finding> ExamineAsync(Subject subject, [EnumeratorCancellation] CancellationToken cancel)
    {
        if (subject.Server is { } server)
        {
            yield return Socket(subject);
            yield return string.Equals(server.Version, RunningServer.Version, StringComparison.Ordinal)
                ? Finding.Ok("version", $"the server and this program are both {server.Version}.")
                : Finding.Warn("version", $"the server is {server.Version}, this program {RunningServer.Version}: they may not understand each other.", "start the server again with the same program");
            yield return await HealthAsync(server, cancel);
            foreach (var alarm in server.Alarms)
            {
                yield return Finding.Warn("alarm", Meaning(alarm), "docs/operating.md says what to do");
            }
        }
        else if (subject.HasDirectory)
        {
            yield return subject.WhyNoServer switch
            {
                TandemException.Forbidden => Finding.Warn("admin socket", "a server runs, and this user may not administrate it: the rest is only as far as it can be seen from outside.", $"sudo -u OWNER tandem doctor {subject.At}"),
                TandemException.Broken => Finding.Fail("admin socket", "something answers there in a way that is not Tandem's.", $"tandem serve {subject.At}"),
                _ => Finding.Warn("server", $"none runs on {subject.Directory}.", $"tandem serve {subject.At}"),
            };
        }

        if (guarded is not null)
        {
            yield return await GuardAsync(guarded, cancel);
        }
    }

    private static Finding Socket(Subject subject)
    {
        var path = AdminSocket.PathIn(subject.Directory);
        var mode = File.GetUnixFileMode(path);
        return (mode & (UnixFileMode.GroupWrite | UnixFileMode.OtherWrite)) == UnixFileMode.None
            ? Finding.Ok("admin socket", $"{path}, mode {FilesCheckup.Octal(mode)}{(subject.ServerProcess is { } process ? $", process {process}" : "")}.")
            : Finding.Fail("admin socket", $"{path} has mode {FilesCheckup.Octal(mode)}: whoever may open it is an operator.", $"chmod 600 {Shell.Quote(path)}");
    }

    private static async Task<Finding> HealthAsync(ServerInfo server, CancellationToken cancel)
    {
        if (server.Listen is not [var first, ..] || !Uri.TryCreate(first, UriKind.Absolute, out var listening)
            || listening.Scheme is not ("http" or "https"))
        {
            return Finding.Fail("server", "it does not say where it listens.", "read its log");
        }

        var url = RunningServer.ReachableFromHere(first);
        try
        {
            // Whose certificate it is does not matter here: nothing secret is sent.
            using var http = Client(new SocketsHttpHandler
            {
                UseProxy = false,
                AllowAutoRedirect = false,
                SslOptions = new() { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null },
            });
            using var answer = await http.GetAsync(new Uri($"{url}/health"), HttpCompletionOption.ResponseHeadersRead, cancel);
            return answer.IsSuccessStatusCode ? Finding.Ok("server", $"ready at {url}.") : Finding.Fail("server", $"{url}/health answers {(int)answer.StatusCode}: it takes no requests.", "read its log");
        }
        catch (Exception e) when (MissingAnswer.Is(e, cancel))
        {
            return Finding.Fail("server", $"it does not answer at {url} ({MissingAnswer.Why(e)}).", "read its log");
        }
    }

    /// <summary>A proxy that was set up to let requests pass when its check fails, or that asks nobody, shows by letting a made-up credential in.</summary>
    private static async Task<Finding> GuardAsync(Uri url, CancellationToken cancel)
    {
        const string check = "guarded url";
        try
        {
            using var http = Client(new SocketsHttpHandler { AllowAutoRedirect = false });
            var wrong = new TwilioCredential(AccountSid.Create().ToString(), Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(AuthToken.Length / 2)));
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            request.Headers.Authorization = wrong.Basic;
            using var refused = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            using var bare = await http.GetAsync(url, HttpCompletionOption.ResponseHeadersRead, cancel);
            return refused.IsSuccessStatusCode || bare.IsSuccessStatusCode
                ? Finding.Fail(check, $"{url} answers {(int)(refused.IsSuccessStatusCode ? refused : bare).StatusCode} {(refused.IsSuccessStatusCode ? "to a credential that nobody has" : "without any credential")}: the API behind it is open.", "docs/proxies has complete files for each proxy")
                : refused.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden or HttpStatusCode.TooManyRequests
                    ? Finding.Ok(check, $"{url} refuses a made-up credential ({(int)refused.StatusCode}), and none ({(int)bare.StatusCode}).")
                    : Finding.Warn(check, $"{url} answers {(int)refused.StatusCode} to a made-up credential, which tells nothing of the check.", "name a URL of the API that needs a credential");
        }
        catch (Exception e) when (MissingAnswer.Is(e, cancel))
        {
            return Finding.Fail(check, $"{url} does not answer ({MissingAnswer.Why(e)}).", "look whether the proxy runs");
        }
    }

    private static HttpClient Client(HttpMessageHandler handler) => new(handler) { Timeout = s_patience };

    private static string Meaning(string alarm) => alarm switch
    {
        "residue_pending" => "residue_pending: a retired token is refused, but its bytes may still lie in the database's log.",
        "first_account_file_left" => "first_account_file_left: first-account.env cannot be read or erased, and may hold a retired token.",
        "changes_refused" => "changes_refused: changes cannot be stored: the disk is full, or another program locks the database.",
        "usage_file" => "usage_file: the usage file cannot be written. Counts are kept in memory alone.",
        "secondary_forgotten" => "secondary_forgotten: a secondary token has waited for longer than it should. Somebody may have forgotten it.",
        _ => alarm,
    };
}
