using System.CommandLine;
using Tandem.Client;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem consumers</c>.</summary>
internal static class ConsumersCommand
{
    /// <summary>How often <c>--watch</c> asks.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    public static Command Create()
    {
        var sid = TokenCommand.SidArgument();
        var stale = new Option<bool>("--stale") { Description = "Only those who stand in the way of a promote." };
        var watch = new Option<bool>("--watch", "-w") { Description = "Go on until Ctrl-C: the table anew on a terminal, else a line for each change." };
        var (data, format) = (LocalServer.DataOption(), new Output());
        var command = new Command("consumers", "Show who uses which token, and whether the secondary may be promoted now.")
        {
            sid, stale, watch, data, ConsumerDecisionCommands.Name(), ConsumerDecisionCommands.Expect(), ConsumerDecisionCommands.Gone(),
        };
        format.AddTo(command);
        command.SetAction(async (parsed, cancel) =>
        {
            var asked = new Question(LocalServer.Directory(parsed.GetValue(data)), parsed.GetRequiredValue(sid), parsed.GetValue(stale), format.Of(parsed));
            await (parsed.GetValue(watch) ? WatchAsync(asked, cancel) : ShowAsync(asked, cancel));
            return ExitCode.Done;
        });
        return command;
    }

    private static async Task ShowAsync(Question asked, CancellationToken cancel)
    {
        var readiness = await asked.AskAsync(cancel);
        var rows = ConsumerRows.Of(readiness.Consumers.Where(asked.Wants), readiness.At);
        if (asked.Format == OutputFormat.Json)
        {
            var list = await LocalServer.AskAsync(asked.Directory, c => c.GetConsumersAsync(asked.Sid, cancel));
            Output.Write(asked.Format, list with { Consumers = [.. list.Consumers.Where(asked.Wants)] }, rows);
            return;
        }

        Output.Write(asked.Format, readiness, rows);
        await Console.Error.WriteLineAsync($"{ReadinessText.Sentence(readiness)}\nnext: {ReadinessText.Next(readiness, asked.Directory, listed: true)}");
    }

    private static async Task WatchAsync(Question asked, CancellationToken cancel)
    {
        var redraws = asked.Format == OutputFormat.Table && !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");
        ReadinessInfo? before = null;
        while (true)
        {
            var readiness = await asked.AskAsync(cancel);
            if (redraws)
            {
                Redraw(asked, readiness);
            }
            else if (asked.Format == OutputFormat.Json)
            {
                if (Changes(asked, before, readiness).Any())
                {
                    Print.JsonLine(readiness with { Consumers = [.. readiness.Consumers.Where(asked.Wants)] });
                }
            }
            else
            {
                foreach (var change in Changes(asked, before, readiness))
                {
                    WriteLine(asked.Format, [Print.Time(readiness.At), .. change]);
                }
            }

            before = readiness;
            await Task.Delay(s_pause, cancel);
        }
    }

    /// <summary>From the upper left corner over all that was there, in one piece so that nothing flickers.</summary>
    private static void Redraw(Question asked, ReadinessInfo readiness)
    {
        IEnumerable<string> lines =
        [
            $"{readiness.AccountSid}  {Print.Time(readiness.At)}  (Ctrl-C ends)",
            "",
            .. Print.Lines(ConsumerRows.Of(readiness.Consumers.Where(asked.Wants), readiness.At)),
            "",
            ReadinessText.Sentence(readiness),
            $"next: {ReadinessText.Next(readiness, asked.Directory, listed: true)}",
        ];
        Screen.Out.Send("\e[H\e[J");
        Screen.Out.Write($"{string.Join('\n', lines.Select(WireText.Line))}\n");
        Screen.Out.Flush();
    }

    private static void WriteLine(OutputFormat format, IEnumerable<string> cells)
    {
        if (format == OutputFormat.Tsv)
        {
            Print.TabbedLine(cells);
        }
        else
        {
            Console.Out.WriteLine(string.Join("  ", cells));
        }
    }

    /// <summary>What is new since the last look: at first everything.</summary>
    private static IEnumerable<string[]> Changes(Question asked, ReadinessInfo? before, ReadinessInfo now)
    {
        if (before?.Generation != now.Generation)
        {
            yield return ["tokens", $"primary {now.Primary ?? "none"}, secondary {now.Secondary ?? "none"}"];
        }

        var known = before?.Consumers.DistinctBy(c => c.Id, StringComparer.Ordinal).ToDictionary(c => c.Id, StringComparer.Ordinal) ?? [];
        foreach (var consumer in now.Consumers)
        {
            var earlier = known.GetValueOrDefault(consumer.Id);
            var isWanted = asked.Wants(consumer) || (earlier is not null && asked.Wants(earlier));
            if (isWanted && !string.Equals(earlier?.Standing, consumer.Standing, StringComparison.Ordinal))
            {
                var was = earlier is null ? "" : $", was {ConsumerRows.Standing(earlier)}";
                yield return [consumer.Id, $"{ConsumerRows.Standing(consumer)}{was}", ReadinessText.NameOf(consumer)];
            }
        }

        if ((before?.State, before?.Reason) != (now.State, now.Reason))
        {
            yield return [ReadinessText.Sentence(now)];
        }
    }

    /// <summary>What was asked for.</summary>
    private sealed record Question(string Directory, string Sid, bool Stale, OutputFormat Format)
    {
        public bool Wants(ConsumerInfo consumer) => !Stale || ReadinessText.IsInTheWay(consumer);

        public Task<ReadinessInfo> AskAsync(CancellationToken cancel) => LocalServer.AskAsync(Directory, c => c.GetReadinessAsync(Sid, cancel));
    }
}
