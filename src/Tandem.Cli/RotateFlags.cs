using System.CommandLine;
using Tandem.Rotations;

namespace Tandem.Cli;

/// <summary>The flags that say how a rotation goes.</summary>
internal sealed class RotateFlags
{
    private readonly Option<bool> _yes = Commands.TokenCommand.YesOption();
    private readonly Option<bool> _force = new("--force") { Description = "End the old token although somebody uses it, or that cannot be told. Says what breaks." };
    private readonly Option<bool> _leaked = new("--leaked") { Description = "The token in force has leaked: end it first, deliver after. What uses it breaks until then." };
    private readonly Option<bool> _replace = ReplaceOption();
    private readonly Option<bool> _noStore = new("--no-store-token") { Description = "Keep no token, not even sealed: a rotation that is stopped makes another and delivers again." };
    private readonly Option<string> _timeout = Time("--timeout", "How long to wait until nobody uses the old token; then exit code 8. [default: no end]");
    private readonly Option<string> _soak = Time("--soak", "At least so long between delivery and promotion. [default: the plan's, else 10m on Twilio]");
    private readonly Option<string> _settle = Time("--settle", "How long between promotion and proof. [default: 60s where Twilio Functions are a destination]");
    private readonly Option<bool> _noColor = ErrorTerminal.NoColorOption();

    /// <summary>Who runs this.</summary>
    public static string Who => $"{Environment.UserName}@{Environment.MachineName}";

    public static Option<bool> ReplaceOption() => new("--replace-secondary") { Description = "Delete a secondary token that this rotation cannot prove to be its own." };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _yes, _force, _leaked, _replace, _noStore, _timeout, _soak, _settle, _noColor })
        {
            command.Add(option);
        }
    }

    public bool IsYes(ParseResult parsed) => parsed.GetValue(_yes);

    public ErrorTerminal Terminal(ParseResult parsed) => new(parsed.GetValue(_noColor));

    public RotationRequest Apply(ParseResult parsed, RotationRequest to) => to with
    {
        Force = parsed.GetValue(_force),
        Leaked = parsed.GetValue(_leaked),
        ReplaceSecondary = parsed.GetValue(_replace),
        StoreTokens = !parsed.GetValue(_noStore),
        Timeout = Read(parsed, _timeout),
        Settle = Read(parsed, _settle),
        Watch = Read(parsed, _soak) is { } soak ? to.Watch with { Soak = soak } : to.Watch,
    };

    public static TimeSpan? Read(ParseResult parsed, Option<string> option) =>
        parsed.GetValue(option) is { } text && Durations.TryParse(text, out var time) ? time : null;

    public static Option<string> Time(string name, string description)
    {
        var option = new Option<string>(name) { HelpName = "TIME", Description = description };
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !Durations.TryParse(token.Value, out _))
            {
                result.AddError($"{name} is a time such as 90s, 10m or 2h.");
            }
        });
        return option;
    }
}
