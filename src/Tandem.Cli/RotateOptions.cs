using System.CommandLine;

namespace Tandem.Cli;

/// <summary>The flags of every verb that knows a plan.</summary>
/// <param name="plainHttp">The verb's own flag of this name, where it has one; null for none.</param>
internal sealed class RotateOptions(Option<bool>? plainHttp = null)
{
    public Argument<string> Sid { get; } = TokenCommand();

    public Option<string> Config { get; } = new("--config") { HelpName = "FILE", Description = "The plan. [default: $TANDEM_CONFIG, else ./tandem.toml when it is there]" };

    public Option<string[]> Dotenv { get; } = new("--dotenv") { HelpName = "FILE", Description = "An env file whose TWILIO_AUTH_TOKEN gets the new token, beside the plan's destinations." };

    public Option<string> Server { get; } = new("--server") { HelpName = "URL", Description = "The Tandem server that makes the tokens. [default: $TANDEM_SERVER]" };

    public Option<bool> PlainHttp { get; } = plainHttp ?? new("--plain-http") { Description = "Send tokens to a server elsewhere without TLS: the network may read them." };

    public Option<bool> Twilio { get; } = new("--twilio") { Description = "Twilio itself makes the tokens." };

    public Option<string> Region { get; } = new("--region") { HelpName = "REGION", Description = "Twilio's region; each has tokens of its own. [default: $TWILIO_REGION]" };

    public Option<string> Edge { get; } = new("--edge") { HelpName = "EDGE", Description = "Twilio's edge to go in by. [default: $TWILIO_EDGE]" };

    public Option<string> TokenFile { get; } = new("--token-file") { HelpName = "FILE", Description = "A file with the token in force; line ends are cut. [default: $TWILIO_AUTH_TOKEN, $TWILIO_AUTH_TOKEN_FILE, else what the env file holds]" };

    public Option<bool> TokenStdin { get; } = new("--token-stdin") { Description = "Read the token in force from standard input." };

    public Option<string> Profile { get; } = new("--profile", "-p") { HelpName = "NAME", Description = "Account, server and token of [profile.NAME] in ~/.config/tandem/config.toml. [default: $TANDEM_PROFILE]" };

    public Option<string> State { get; } = StateOption();

    public static Option<string> StateOption() =>
        new("--state") { HelpName = "DIR", Description = "Where unfinished rotations are remembered. [default: $TANDEM_STATE, else $XDG_STATE_HOME/tandem, else ~/.local/state/tandem]" };

    public void AddTo(Command command)
    {
        command.Add(Sid);
        foreach (var option in new Option[] { Config, Dotenv, Profile, Server, PlainHttp, Twilio, Region, Edge, TokenFile, TokenStdin, State }.Except([plainHttp]).OfType<Option>())
        {
            command.Add(option);
        }
    }

    private static Argument<string> TokenCommand()
    {
        var sid = Commands.TokenCommand.SidArgument();
        sid.Arity = ArgumentArity.ZeroOrOne;
        sid.Description = "The account. [default: $TWILIO_ACCOUNT_SID, else the plan's, else what the env file holds]";
        return sid;
    }
}
