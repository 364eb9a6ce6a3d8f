using System.CommandLine;
using Tandem.Client;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem consumers name</c>, <c>expect</c> and <c>gone</c>: what people decide about a consumer.</summary>
internal static class ConsumerDecisionCommands
{
    private const int IdLength = 16;

    public static Command Name()
    {
        var name = new Argument<string>("NAME") { Description = "What to call it, at most 64 characters; '' for nothing." };
        return Verb("name", "Name a consumer.", [name], parsed => new() { Name = parsed.GetRequiredValue(name) });
    }

    public static Command Expect()
    {
        var every = new Argument<string>("EVERY") { Description = "How often it calls: 30m, 24h, 7d; 'auto' to go by its calls." };
        every.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && token.Value is not "auto" && !(Length.TryParse(token.Value, out var length) && length > TimeSpan.Zero && length <= TimeSpan.FromSeconds(ConsumerDecisions.EveryLimit)))
            {
                result.AddError($"'{token.Value}' is no length of time. Write 30m, 24h or 7d, a year at most, or auto.");
            }
        });
        return Verb("expect", "Say how often a consumer calls, so that its silence is understood.", [every], parsed => new()
        {
            ExpectedEvery = Length.TryParse(parsed.GetRequiredValue(every), out var length) ? (uint)length.TotalSeconds : 0,
        });
    }

    public static Command Gone()
    {
        var undo = new Option<bool>("--undo") { Description = "It calls still." };
        return Verb("gone", "Say that a consumer calls no more, so that it stands in nobody's way. A later call with the primary outweighs it.", [undo], parsed => new() { Gone = !parsed.GetValue(undo) });
    }

    private static Command Verb(string verb, string description, Symbol[] symbols, Func<ParseResult, ConsumerDecisionRequest> request)
    {
        var sid = TokenCommand.SidArgument();
        var consumer = new Argument<string>("CONSUMER") { Description = "Its id, the beginning of it, or its name." };
        var (data, format) = (LocalServer.DataOption(), new Output());
        var command = new Command(verb, description) { sid, consumer };
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument)
            {
                command.Add(argument);
            }
            else
            {
                command.Add((Option)symbol);
            }
        }

        command.Add(data);
        format.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var (directory, account) = (LocalServer.Directory(parsed.GetValue(data)), parsed.GetRequiredValue(sid));
            var list = await LocalServer.AskAsync(directory, c => c.GetConsumersAsync(account, cancel));
            var id = Find(list.Consumers, parsed.GetRequiredValue(consumer));
            var decided = await LocalServer.AskAsync(directory, c => c.DecideAsync(account, id, request(parsed), cancel));
            await Console.Error.WriteLineAsync($"{id} is {Describe(decided)}");
            Output.WriteOne(format.Of(parsed), decided,
            [
                ("id", id), ("name", decided.Name ?? "-"), ("expected_every", decided.ExpectedEvery is { } every ? $"{every}" : "-"),
                ("gone_since", decided.GoneSince is { } since ? Print.Time(since) : "-"),
            ]);

            return ExitCode.Done;
        });
        return command;
    }

    private static string Describe(ConsumerDecisionInfo decided) =>
        $"{(decided.Name is { } name ? $"called {name}" : "not named")}, {(decided.ExpectedEvery is { } every ? $"expected every {Print.Span(TimeSpan.FromSeconds(every))}" : "expected as its calls tell")}"
        + $"{(decided.GoneSince is { } since ? $", gone since {Print.Time(since)}" : "")}";

    /// <summary>The id that is meant. A whole one is taken as it is: also one that was not seen may be decided about.</summary>
    private static string Find(IReadOnlyList<ConsumerInfo> consumers, string given)
    {
        if (given.Length == IdLength && given.All(char.IsAsciiHexDigitLower))
        {
            return given;
        }

        var meant = consumers.Where(c => string.Equals(c.Name, given, StringComparison.Ordinal)).ToList();
        meant = meant.Count > 0 ? meant : [.. consumers.Where(c => string.Equals(c.ClientName, given, StringComparison.Ordinal))];
        meant = meant.Count > 0 || given.Length == 0 ? meant : [.. consumers.Where(c => c.Id.StartsWith(given, StringComparison.Ordinal))];
        return meant switch
        {
            [var one] => one.Id,
            [] => throw new CommandException(ExitCode.Precondition, $"No consumer of this account is called '{given}', and no id begins so. Nothing was changed. See who there is: tandem consumers SID"),
            _ => throw new CommandException(ExitCode.Precondition, $"'{given}' may be {string.Join(" or ", meant.Select(c => c.Id))}. Nothing was changed. Name one by its id."),
        };
    }
}
