namespace Tandem.Cli.Claims;

/// <summary>The owners of several accounts, at work at the same time.</summary>
internal sealed class Owners(TwilioCaller caller, IEnumerable<(string Sid, string Token)> accounts)
{
    /// <summary>Each of them.</summary>
    public IReadOnlyList<Owner> All { get; } = [.. accounts.Select(a => new Owner(caller, a.Sid, a.Token))];

    public int Promotes => All.Sum(o => o.Promotes);

    public int UnknownOutcomes => All.Sum(o => o.UnknownOutcomes);

    public long Checks => All.Sum(o => o.Checks);

    /// <summary>Every account rotates and is checked while something goes on; then every token that ever was is asked for once more.</summary>
    public async Task WorkAsync(Func<Task> meanwhile)
    {
        using var stop = new CancellationTokenSource();
        var work = All.SelectMany(o => (Task[])[Task.Run(() => o.RotateAsync(stop.Token), stop.Token), Task.Run(() => o.CheckAsync(stop.Token), stop.Token)]).ToList();
        try
        {
            await meanwhile();
        }
        finally
        {
            await stop.CancelAsync();
        }

        await Task.WhenAll(work);
        await SettleAsync();
    }

    /// <summary>Asks once more for every token that ever was, on a quiet server.</summary>
    public async Task SettleAsync()
    {
        foreach (var owner in All)
        {
            await owner.SettleAsync();
        }
    }

    /// <summary>What is wrong with the histories, and with single answers.</summary>
    public IEnumerable<string> FindViolations() => All.SelectMany(o => o.FindViolations());
}
