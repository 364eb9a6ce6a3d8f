using Tandem.Client;

namespace Tandem.Cli.Demo;

/// <summary>
/// An application that calls an API behind Tandem's check all the time, with the token in its env file. It reads the file when it starts, and
/// starts again now and then.
/// </summary>
/// <param name="name">What it calls itself.</param>
/// <param name="envFile">Where its credential is.</param>
/// <param name="check">The check that stands in front of the API.</param>
/// <param name="restart">How often it reads the file anew.</param>
/// <param name="time">The time.</param>
internal sealed class DemoApp(string name, string envFile, Uri check, TimeSpan restart, TimeProvider time)
{
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(40);

    private int _requests;
    private int _failed;

    /// <summary>What it calls itself.</summary>
    public string Name => name;

    /// <summary>How many requests it has made.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>How many of them were not answered with yes.</summary>
    public int Failed => Volatile.Read(ref _failed);

    /// <summary>Reads a credential from an env file of the two lines that <c>first-account.env</c> has.</summary>
    public static TwilioCredential Read(string file)
    {
        var values = File.ReadAllLines(file).Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        return new(values["TWILIO_ACCOUNT_SID"], values["TWILIO_AUTH_TOKEN"]);
    }

    /// <summary>Asks the check as a proxy does for a request that it was sent. Returns its status.</summary>
    public static async Task<int> AskAsync(HttpClient http, Uri check, TwilioCredential credential, string name, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, check);
        request.Headers.Authorization = credential.Basic;
        request.Headers.Add("X-Forwarded-Host", "api.demo");
        request.Headers.Add("X-Forwarded-Uri", "/v1/messages");
        request.Headers.Add("X-Client-Name", name);
        using var answer = await http.SendAsync(request, cancel);
        return (int)answer.StatusCode;
    }

    /// <summary>Calls until it is cancelled.</summary>
    /// <param name="http">What carries the calls.</param>
    /// <param name="moved">Is told when it has read another token than before.</param>
    /// <param name="cancel">Ends it.</param>
    public async Task RunAsync(HttpClient http, Action<DemoApp> moved, CancellationToken cancel)
    {
        var (credential, read) = (Read(envFile), time.GetTimestamp());
        using var timer = new PeriodicTimer(s_pause, time);
        try
        {
            do
            {
                if (time.GetElapsedTime(read) >= restart)
                {
                    read = time.GetTimestamp();
                    if (Read(envFile) is var now && !string.Equals(now.Token, credential.Token, StringComparison.Ordinal))
                    {
                        credential = now;
                        moved(this);
                    }
                }

                // A call that is under way is waited for: one that is cut off would be no failure of the server's.
                await CallAsync(http, credential);
            }
            while (await timer.WaitForNextTickAsync(cancel));
        }
        catch (OperationCanceledException)
        {
            // The end of the demonstration.
        }
    }

    private async Task CallAsync(HttpClient http, TwilioCredential credential)
    {
        Interlocked.Increment(ref _requests);
        try
        {
            if (await AskAsync(http, check, credential, name, CancellationToken.None) != 200)
            {
                Interlocked.Increment(ref _failed);
            }
        }
        catch (Exception e) when (MissingAnswer.Is(e))
        {
            Interlocked.Increment(ref _failed);
        }
    }
}
