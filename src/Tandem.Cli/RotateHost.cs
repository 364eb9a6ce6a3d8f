using Tandem.Rotations;

namespace Tandem.Cli;

/// <summary>Answers a rotation's questions: by asking at the terminal, or by what the flags have said already.</summary>
internal sealed class RotateHost(RotateOutput output, bool yes, bool force)
{
    public RotationHost Create() => new() { Report = output.Report, Ask = AskAsync };

    /// <summary>A script that has not said <c>--yes</c> is told before anything is made, and not after.</summary>
    public static void NeedAnswers(bool yes)
    {
        if (!yes && Console.IsInputRedirected)
        {
            throw new CommandException(ExitCode.Usage,
                "A rotation ends by asking whether the old token may be ended, and there is no terminal to ask at. Nothing was done. To have it end when nobody uses it any more: --yes. To see what would be done: --dry-run");
        }
    }

    private async Task<bool> AskAsync(RotationQuestion question, CancellationToken cancel)
    {
        output.Terminal.Clear();
        if (question.InTheWay.Count > 0)
        {
            await Console.Error.WriteLineAsync($"{question.Text} This breaks, or may:\n  - {string.Join("\n  - ", question.InTheWay)}");
        }

        if (yes && (question.InTheWay.Count == 0 || force || Console.IsInputRedirected))
        {
            return true;
        }

        if (Console.IsInputRedirected)
        {
            return false;
        }

        // What breaks something is not answered by habit.
        if (question is { InTheWay.Count: > 0, Dying: { } dying })
        {
            await Console.Error.WriteAsync($"Type {dying}, the token that stops working, to go on: ");
            return string.Equals(await Confirm.ReadLineAsync(cancel), dying, StringComparison.OrdinalIgnoreCase);
        }

        await Console.Error.WriteAsync(question.InTheWay.Count > 0 ? "Continue? [y/N] " : $"{question.Text} Continue? [y/N] ");
        return await Confirm.IsYesAsync(cancel);
    }
}
