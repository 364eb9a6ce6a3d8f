namespace Tandem;

/// <summary>Which client a call comes from, by its <c>User-Agent</c>. The numbers are what is stored.</summary>
public enum ClientFamily : byte
{
    /// <summary>Several, not told apart.</summary>
    Several = 1,

    /// <summary>It says nothing.</summary>
    None = 2,

    /// <summary>It says something else.</summary>
    Other = 3,

    /// <summary>Twilio's library for Node.js.</summary>
    TwilioNode = 4,

    /// <summary>Twilio's library for Python.</summary>
    TwilioPython = 5,

    /// <summary>Twilio's library for C#.</summary>
    TwilioCsharp = 6,

    /// <summary>Twilio's library for Java.</summary>
    TwilioJava = 7,

    /// <summary>Twilio's library for Go.</summary>
    TwilioGo = 8,

    /// <summary>Twilio's library for PHP.</summary>
    TwilioPhp = 9,

    /// <summary>Twilio's library for Ruby.</summary>
    TwilioRuby = 10,

    /// <summary>Twilio's command line.</summary>
    TwilioCli = 11,

    /// <summary>curl.</summary>
    Curl = 12,
}

/// <summary>Reads and names client families.</summary>
public static class ClientFamilies
{
    /// <summary>
    /// The family of a <c>User-Agent</c>. It is recognised by the first product token alone, name and version
    /// (<c>twilio-node/6.2.0 …</c>), because each of the nine clients begins with it and anything may be appended. A name that merely
    /// begins like one of theirs is <see cref="ClientFamily.Other"/>. Reads at most the first 32 characters and allocates nothing.
    /// </summary>
    public static ClientFamily Parse(ReadOnlySpan<char> userAgent)
    {
        if (userAgent.IsWhiteSpace())
        {
            return ClientFamily.None;
        }

        var head = userAgent.Length > 32 ? userAgent[..32] : userAgent;
        var slash = head.IndexOf('/');
        return slash < 0 || slash + 1 >= head.Length || !char.IsAsciiDigit(head[slash + 1]) ? ClientFamily.Other : head[..slash] switch
        {
            "twilio-node" => ClientFamily.TwilioNode,
            "twilio-python" => ClientFamily.TwilioPython,
            "twilio-csharp" => ClientFamily.TwilioCsharp,
            "twilio-java" => ClientFamily.TwilioJava,
            "twilio-go" => ClientFamily.TwilioGo,
            "twilio-php" => ClientFamily.TwilioPhp,
            "twilio-ruby" => ClientFamily.TwilioRuby,
            "twilio-cli" => ClientFamily.TwilioCli,
            "curl" => ClientFamily.Curl,
            _ => ClientFamily.Other,
        };
    }

    /// <summary>The name that the client itself uses; <c>other</c> and <c>none</c> for the rest.</summary>
    public static string Name(this ClientFamily family) => family switch
    {
        ClientFamily.TwilioNode => "twilio-node",
        ClientFamily.TwilioPython => "twilio-python",
        ClientFamily.TwilioCsharp => "twilio-csharp",
        ClientFamily.TwilioJava => "twilio-java",
        ClientFamily.TwilioGo => "twilio-go",
        ClientFamily.TwilioPhp => "twilio-php",
        ClientFamily.TwilioRuby => "twilio-ruby",
        ClientFamily.TwilioCli => "twilio-cli",
        ClientFamily.Curl => "curl",
        ClientFamily.None => "none",
        ClientFamily.Several => "several",
        _ => "other",
    };
}
