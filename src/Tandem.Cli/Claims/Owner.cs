using System.Collections.Concurrent;
using System.Diagnostics;

namespace Tandem.Cli.Claims;

/// <summary>One account's owner: rotates its token on and on, checks tokens alive and dead meanwhile, and keeps the history of each.</summary>
internal sealed class Owner
{
    /// <summary>Checks are spread over the tokens that were made last.</summary>
    private const int Recent = 4;

    private readonly TwilioCaller _caller;
    private readonly string _sid;
    private readonly List<(string Text, TokenHistory History)> _tokens = [];
    private volatile (string Text, TokenHistory History)[] _recent;

    public Owner(TwilioCaller caller, string sid, string token)
    {
        (_caller, _sid) = (caller, sid);
        _tokens.Add((token, new() { Created = new(Now, Now) }));
        _recent = [.. _tokens];
    }

    /// <summary>Answers that no state of the account explains, the first one first: the others may follow from it.</summary>
    public ConcurrentQueue<string> Violations { get; } = [];

    public int Promotes { get; private set; }

    public int UnknownOutcomes { get; private set; }

    public long Checks => _tokens.Sum(t => (long)t.History.Checks.Count);

    private static long Now => Stopwatch.GetTimestamp();

    /// <summary>Create and promote, again and again. What is not answered is found out before it goes on.</summary>
    public async Task RotateAsync(CancellationToken stop)
    {
        for (var round = 0; !stop.IsCancellationRequested; round++)
        {
            var (primary, old) = _tokens[^1];
            var from = Now;
            var created = await _caller.CreateAsync(_sid, primary);
            if (created.Status != 201)
            {
                await ResolveCreateAsync(created, primary);
                continue;
            }

            var secondary = created.Text("secondary_auth_token");
            _tokens.Add((secondary, new() { Created = new(from, Now) }));
            _recent = [.. _tokens.TakeLast(Recent)];
            from = Now;
            var promoted = await _caller.PromoteAsync(_sid, round % 2 == 0 ? primary : secondary);
            await ResolvePromoteAsync(promoted, secondary);
            old.Retired = new(from, Now);
            Promotes++;
        }
    }

    /// <summary>Checks on and on with the tokens made last, whatever they are now.</summary>
    public async Task CheckAsync(CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            await CheckAsync(i);
        }
    }

    /// <summary>Checks once, with one of the tokens made last.</summary>
    public Task CheckAsync(int turn)
    {
        var recent = _recent;
        return CheckAsync(recent[turn % recent.Length].Text, recent[turn % recent.Length].History);
    }

    /// <summary>At the end, on a quiet server: every token ever made, once more.</summary>
    public async Task SettleAsync()
    {
        foreach (var (text, history) in _tokens)
        {
            await CheckAsync(text, history);
        }
    }

    /// <summary>What is wrong with the histories, and with single answers.</summary>
    public IEnumerable<string> FindViolations() =>
        [.. Violations, .. _tokens.Select(t => t.History.FindViolation()).OfType<string>().Select(v => $"{_sid}: a token was {v}")];

    private async Task CheckAsync(string text, TokenHistory history)
    {
        var from = Now;
        var status = await _caller.ForwardAsync(_sid, text);
        if (status is 200 or 401)
        {
            history.Note(new(new(from, Now), status == 200));
        }
        else if (status != 0)
        {
            Violations.Enqueue($"a check was answered {status}");
        }
    }

    private async Task ResolveCreateAsync(Answer created, string primary)
    {
        if (created.Unknown)
        {
            UnknownOutcomes++;
        }
        else if (created.Status != 400)
        {
            Violations.Enqueue($"a create was answered {created.Status}");
        }

        // One may have been made that nobody holds: remove it. The primary works in any case.
        var deleted = await AnsweredAsync(() => _caller.DeleteAsync(_sid, primary));
        if (deleted.Status is not (204 or 404))
        {
            Violations.Enqueue($"after an unanswered create the primary's delete was answered {deleted.Status}");
        }
    }

    private async Task ResolvePromoteAsync(Answer promoted, string secondary)
    {
        if (promoted.Unknown)
        {
            // The secondary was acknowledged, so it works; promoting with it again tells the outcome in one call.
            UnknownOutcomes++;
            var again = await AnsweredAsync(() => _caller.PromoteAsync(_sid, secondary));
            if (again.Status is not (200 or 404))
            {
                Violations.Enqueue($"after an unanswered promote the secondary's promote was answered {again.Status}");
            }
        }
        else if (promoted.Status != 200 || !string.Equals(promoted.Text("auth_token"), secondary, StringComparison.Ordinal))
        {
            Violations.Enqueue($"a promote was answered {promoted.Status}");
        }
    }

    private static async Task<Answer> AnsweredAsync(Func<Task<Answer>> call)
    {
        Answer answer;
        while ((answer = await call()).Unknown)
        {
            await Task.Delay(10); // the server is being started again
        }

        return answer;
    }
}
