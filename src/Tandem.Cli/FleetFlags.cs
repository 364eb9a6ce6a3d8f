using System.CommandLine;
using System.Globalization;
using Tandem.Rotations.Fleets;

namespace Tandem.Cli;

/// <summary>The flags that make many rotations of one.</summary>
/// <param name="hasPace">Whether it matters how many run when; it does not where they go back.</param>
internal sealed class FleetFlags(bool hasPace = true)
{
    private readonly Option<bool> _all = new("--all-subaccounts") { Description = "Rotate each active subaccount of the account, not the account itself." };
    private readonly Option<string[]> _select = new("--select") { HelpName = "KEY=PATTERN", Description = "Only subaccounts that fit; KEY!=PATTERN for those that do not. KEY is sid, name or a label of the plan; * stands for anything. Several: all must fit." };
    private readonly Option<int> _canary = Number("--canary", "How many go first, one after the other; the others begin when these are done. [default: 1]", least: 0, fallback: 1);
    private readonly Option<int> _parallel = Number("--parallel", "How many rotate at a time. [default: 4]", least: 1, fallback: 4);
    private readonly Option<string> _pace = RotateFlags.Time("--pace", "The least time between two beginnings. [default: 0]");

    public void AddTo(Command command)
    {
        Option[] pace = hasPace ? [_canary, _parallel, _pace] : [];
        foreach (var option in new Option[] { _all, _select }.Concat(pace))
        {
            command.Add(option);
        }

        command.Validators.Add(result =>
        {
            if (!result.GetValue(_all) && pace.Prepend(_select).FirstOrDefault(o => result.GetResult(o) is { Implicit: false }) is { } lonely)
            {
                result.AddError($"{lonely.Name} is for many accounts: give --all-subaccounts as well.");
            }
        });
    }

    public bool IsFleet(ParseResult parsed) => parsed.GetValue(_all);

    public FleetRequest Apply(ParseResult parsed, FleetRequest to)
    {
        to = to with { Selection = FleetSelection.Parse(parsed.GetValue(_select) ?? [], to.Labels.Values.SelectMany(l => l.Keys)) };
        return hasPace ? WithPace(parsed, to) : to;
    }

    private FleetRequest WithPace(ParseResult parsed, FleetRequest to) => to with
    {
        Canary = parsed.GetValue(_canary),
        Parallel = parsed.GetValue(_parallel),
        Pace = RotateFlags.Read(parsed, _pace) ?? TimeSpan.Zero,
    };

    private static Option<int> Number(string name, string description, int least, int fallback)
    {
        var option = new Option<int>(name) { HelpName = "N", Description = description, DefaultValueFactory = _ => fallback };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && (!int.TryParse(token.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < least || number > 1000))
            {
                result.AddError($"{name} is a number from {least} to 1000.");
            }
        });
        return option;
    }
}
