using System.Threading.Channels;
using Tandem.Client;

namespace Tandem.Rotations;

/// <summary>
/// Tells the Tandem server how a rotation stands, at each step and every twenty seconds, so that nobody begins another of the same account and people can
/// watch it. It is a courtesy: a server that cannot be told stops nothing. On Twilio there is nobody to tell.
/// </summary>
internal sealed class RotationBeacon : IAsyncDisposable
{
    private const string Running = "rotation_running";
    private const int MostDestinations = 100;
    private const int MostCharacters = 300;

    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan s_least = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_lastPatience = TimeSpan.FromSeconds(1.5); // after Ctrl-C the process has two

    private readonly RotationRun _run;
    private readonly TimeProvider _time;
    private readonly Channel<bool> _news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _work;
    private volatile string? _said;

    private RotationBeacon(RotationRun run, TimeProvider time)
    {
        (_run, _time) = (run, time);
        _work = run.Issuer.IsTwilio ? Task.CompletedTask : Task.Run(WorkAsync);
    }

    /// <summary>Who runs another rotation of the account in the meantime: this one was not heard of for too long. Null for nobody.</summary>
    public string? TakenOver { get; private set; }

    /// <summary>Claims the account for this rotation, and tells of it from here on.</summary>
    /// <exception cref="RotationException">Another one runs.</exception>
    public static async Task<RotationBeacon> BeginAsync(RotationRun run, TimeProvider time)
    {
        if (!run.Issuer.IsTwilio && await TellAsync(run, time, "running", null, s_patience) is { } other)
        {
            throw Refusal(run.Issuer, run.State.AccountSid, other);
        }

        return new(run, time);
    }

    /// <summary>Why a rotation must not begin while another runs.</summary>
    public static RotationException Refusal(Issuer issuer, AccountSid sid, string other) => new(RotationFailure.Precondition,
        $"{other} Nothing was done. Watch it: {issuer.Target}/rotations/{sid} — when it is over, or taken for dead, run again: tandem rotate");

    /// <summary>Something is new.</summary>
    public void Tell(string? said = null)
    {
        _said = said ?? _said;
        _news.Writer.TryWrite(true);
    }

    /// <summary>Tells how it ended, as well as can be in a moment: <c>rotated</c>, <c>aborted</c>, or <c>stopped</c> and why.</summary>
    public async Task EndAsync(string progress, string? why)
    {
        await _ended.CancelAsync();
        await _work;
        if (!_run.Issuer.IsTwilio && TakenOver is null)
        {
            await TellAsync(_run, _time, progress, why, s_lastPatience);
        }
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _work;
        _ended.Dispose();
    }

    private async Task WorkAsync()
    {
        try
        {
            while (TakenOver is null)
            {
                await NewsAsync();
                TakenOver = await TellAsync(_run, _time, "running", _said, s_patience);
                await Task.Delay(s_least, _time, _ended.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // What comes last is told by the end itself.
        }
    }

    private async Task NewsAsync()
    {
        try
        {
            await _news.Reader.WaitToReadAsync(_ended.Token).AsTask().WaitAsync(s_every, _time, _ended.Token);
            _news.Reader.TryRead(out _);
        }
        catch (TimeoutException)
        {
            // Nothing is new, and it runs all the same.
        }
    }

    /// <summary>Null when it was told, or could not be; else who runs another rotation.</summary>
    private static async Task<string?> TellAsync(RotationRun run, TimeProvider time, string progress, string? said, TimeSpan patience)
    {
        // Never with a token that this rotation itself has ended: such calls are told to the account's owner.
        if (run.Issuer.Insight is not { } insight || (run.State.Step == RotationStep.RollingBack ? run.Old ?? run.Request.Parent : run.New ?? run.Old ?? run.Request.Parent) is not { } caller)
        {
            return null;
        }

        using var limit = new CancellationTokenSource(patience, time);
        try
        {
            await insight.TellAsync(caller, run.State.AccountSid, Describe(run.State, progress, said), limit.Token);
            return null;
        }
        catch (TandemException e) when (e.Kind is Running)
        {
            return e.Message;
        }
        catch (Exception e) when (e is TandemException or OperationCanceledException)
        {
            return null;
        }
    }

    private static RotationUpdate Describe(RotationState state, string progress, string? said) => new()
    {
        Id = state.Id,
        Owner = Line(state.StartedBy),
        Started = state.Started,
        Progress = progress,
        Step = progress is "rotated" or "aborted" ? "done" : RotationJson.NameOf(state.Step),
        OldFingerprint = state.OldFingerprint,
        NewFingerprint = state.NewFingerprint,
        Destinations = [.. state.Destinations.Take(MostDestinations).Select(d => new RotationDestinationInfo { Name = Line(d.Name)!, Progress = RotationJson.NameOf(d.Progress) })],
        Message = Line(said),
    };

    /// <summary>One line of a length that the server takes.</summary>
    private static string? Line(string? text)
    {
        var line = text is null ? "" : WireText.Line(text).Trim();
        return line.Length == 0 ? null : line.Length <= MostCharacters ? line : $"{line[..(MostCharacters - 1)]}…";
    }
}
