using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Tandem.Server.Console;

/// <summary>What the list of an account's consumers shows.</summary>
/// <param name="View">The account.</param>
/// <param name="MayDecide">Whether the user may decide about them.</param>
public sealed record ConsumersModel(AccountView View, bool MayDecide) : PageModel($"Consumers of {AccountPaths.NameOf(View.Account)}");

/// <summary>What the page about one consumer shows.</summary>
/// <param name="View">The account.</param>
/// <param name="Consumer">The consumer.</param>
/// <param name="MayDecide">Whether the user may decide about it.</param>
/// <param name="Name">What was typed as its name.</param>
/// <param name="Every">What was typed as the time between its calls; empty for none.</param>
/// <param name="Unit">The unit of that.</param>
public sealed record ConsumerModel(AccountView View, ConsumerVerdict Consumer, bool MayDecide, string Name, string Every, string Unit)
    : PageModel(Consumer.Called)
{
    /// <summary>The units there are, with their length in seconds.</summary>
    public static IReadOnlyList<(string Unit, uint Seconds)> Units { get; } = [("minutes", 60), ("hours", 3600), ("days", 86_400)];

    /// <summary>The field that something is wrong with; null when nothing is.</summary>
    public string? WrongField { get; init; }

    /// <summary>What is wrong with it.</summary>
    public string? Wrong { get; init; }
}

/// <summary><c>/accounts/{sid}/consumers</c> and <c>/accounts/{sid}/consumers/{consumer}</c>: who calls, and what people know better about them.</summary>
internal static class ConsumersPage
{
    public static async Task ListAsync(PageRequest page)
    {
        if (await AccountView.ReadAsync(page) is { } view)
        {
            await page.ShowAsync(Pages.Consumers.Create(new(view, page.May(UserRole.Operator))));
        }
    }

    public static async Task ShowAsync(PageRequest page)
    {
        if (await FindAsync(page) is not var (view, consumer))
        {
            return;
        }

        var (every, unit) = consumer.Decision?.Every is { } seconds ? InUnit(seconds) : ("", "hours");
        await page.ShowAsync(Pages.Consumer.Create(new(view, consumer, page.May(UserRole.Operator), consumer.Decision?.Name ?? "", every, unit)));
    }

    public static async Task DecideAsync(PageRequest page)
    {
        if (await FindAsync(page) is not var (view, consumer))
        {
            return;
        }

        var (name, every, unit) = (page.Field("name"), page.Field("every"), page.Field("unit"));
        var length = ConsumerModel.Units.FirstOrDefault(u => u.Unit.Equals(unit, StringComparison.Ordinal)).Seconds;
        var seconds = every.Length == 0 ? 0
            : uint.TryParse(every, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 && length > 0 ? (ulong)number * length
            : ulong.MaxValue;
        var (field, wrong) = name.Length > 0 && !Account.IsFriendlyName(name)
            ? ("name", $"A name has at most {Account.FriendlyNameLimit} characters, and no control characters.")
            : seconds > ConsumerDecisions.EveryLimit ? ("every", "Give a whole number, up to a year in all, or leave it empty.")
            : ((string?)null, (string?)null);
        if (wrong is not null)
        {
            await page.ShowAsync(Pages.Consumer.Create(new(view, consumer, true, name, every, unit) { WrongField = field, Wrong = wrong }));
            return;
        }

        await DecideAsync(page, view, consumer, new(name, (uint)seconds), "Kept.");
    }

    public static async Task MarkAsync(PageRequest page)
    {
        if (await FindAsync(page) is var (view, consumer))
        {
            var gone = page.Field("gone").Equals("yes", StringComparison.Ordinal);
            await DecideAsync(page, view, consumer, new(Gone: gone), gone
                ? "Marked gone: a promote does not wait for it. Should it call with the primary again, the mark is void."
                : "No longer marked gone: a promote waits for it again.");
        }
    }

    private static async Task DecideAsync(PageRequest page, AccountView view, ConsumerVerdict consumer, ConsumerDecisionChange change, string done)
    {
        var outcome = await page.Get<ConsumerDecisions>().DecideAsync(
            page.Caller(UserRole.Operator), view.Account.Sid, consumer.Use.Key.Id, change, page.Context);
        await page.AnswerAsync(outcome, _ => page.GoToAsync(AccountPaths.Of(view.Account.Sid, $"consumers/{consumer.Use.Key.Id}"), Note.Done(done)));
    }

    private static async Task<(AccountView View, ConsumerVerdict Consumer)?> FindAsync(PageRequest page)
    {
        if (await AccountView.ReadAsync(page) is not { } view)
        {
            return null;
        }

        if (view.Readiness.Consumers.FirstOrDefault(c => c.Use.Key.Id.Equals(page.Route("consumer"), StringComparison.Ordinal)) is { } consumer)
        {
            return (view, consumer);
        }

        await page.FailAsync(StatusCodes.Status404NotFound);
        return null;
    }

    private static (string Every, string Unit) InUnit(uint seconds)
    {
        var (unit, length) = ConsumerModel.Units.LastOrDefault(u => seconds % u.Seconds == 0, ConsumerModel.Units[0]);
        return ((seconds / length).ToString(CultureInfo.InvariantCulture), unit);
    }
}
