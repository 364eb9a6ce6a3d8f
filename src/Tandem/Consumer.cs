using System.Security.Cryptography;
using System.Text;

namespace Tandem;

/// <summary>
/// By what consumers are told apart, without their help: the route or host as the proxy reports it, the client's network, and the client
/// family; and by the name that they give themselves, if they do. One that names itself is the same wherever it runs, so its network is
/// left out.
/// </summary>
/// <param name="Route">The route or host; empty when none was reported.</param>
/// <param name="Network">Where it calls from.</param>
/// <param name="Client">Its client family.</param>
/// <param name="Name">What it calls itself; empty when it does not.</param>
public readonly record struct ConsumerKey(string Route, ClientNetwork Network, ClientFamily Client, string Name)
{
    /// <summary>Characters of a route or a name that are kept.</summary>
    public const int TextLimit = 100;

    /// <summary>Characters of an <see cref="Id"/>.</summary>
    public const int IdLength = 16;

    /// <summary>Everyone beyond the limit, counted as one.</summary>
    public static ConsumerKey Rest { get; } = new("", default, ClientFamily.Several, "");

    /// <summary>Whether this is <see cref="Rest"/>: who is in it cannot be told apart.</summary>
    public bool IsRest => Client == ClientFamily.Several;

    /// <summary>A stable mark for addresses and decisions: 16 hexadecimal digits.</summary>
    public string Id
    {
        get
        {
            // The lengths keep two keys from giving the same text.
            var text = $"{Route.Length}:{Route}{Network}|{(int)Client}|{Name}";
            return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 8));
        }
    }

    /// <summary>Whether this may be the <see cref="Id"/> of a consumer.</summary>
    public static bool IsId(string text) => text.Length == IdLength && text.All(char.IsAsciiHexDigitLower);

    /// <summary>How people may recognise it: <c>nightly (curl)</c>, <c>twilio-python from 192.0.2.7 on billing.example.com</c>.</summary>
    public override string ToString()
    {
        if (IsRest)
        {
            return "others, not told apart";
        }

        var client = Client.Name();
        var who = Name.Length > 0 ? $"{Name} ({client})" : $"{client} from {Network}";
        return Route.Length > 0 ? $"{who} on {Route}" : who;
    }

    /// <summary>The key of a call; IPv4 addresses are widened to this prefix.</summary>
    public static ConsumerKey Of(in Sighting sighting, byte ipv4Prefix = ClientNetwork.Ipv4Whole)
    {
        var name = Clean(sighting.ClientName);
        return new(Clean(sighting.Route), name.Length > 0 ? default : sighting.Source.Widen(ipv4Prefix), sighting.Client, name);
    }

    /// <summary>Short, and without what could disturb a terminal or a log; the same string when there is nothing to do.</summary>
    private static string Clean(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return "";
        }

        text = text.Trim();
        text = text.Length > TextLimit ? text[..TextLimit] : text;
        return text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0 ? text
            : string.Create(text.Length, text, static (clean, dirty) =>
            {
                for (var i = 0; i < dirty.Length; i++)
                {
                    clean[i] = dirty[i] is >= ' ' and <= '~' ? dirty[i] : '?';
                }
            });
    }
}

/// <summary>One consumer, and how it used each of the two tokens of now.</summary>
public sealed class ConsumerUse(ConsumerKey key)
{
    /// <summary>Who it is.</summary>
    public ConsumerKey Key { get; } = key;

    /// <summary>Its use of the primary; null when it never used it.</summary>
    public TokenUse? Primary { get; private set; }

    /// <summary>Its use of the secondary, likewise.</summary>
    public TokenUse? Secondary { get; private set; }

    /// <summary>
    /// The longest silence, in seconds, before a call that still came with the primary although the secondary had been used already; 0
    /// when there was no such call. It shows that more than one program hides in this consumer, and how long one of them may be silent.
    /// </summary>
    public uint Straggle { get; private set; }

    /// <summary>
    /// When it was last refused because the primary was paused, in seconds since 1970; 0 when it was not since the server's start. It would
    /// have broken at a promote.
    /// </summary>
    public uint BrokeAt { get; private set; }

    /// <summary>Whether it has changed since it was last written.</summary>
    internal bool IsDirty { get; set; }

    /// <summary>The last call with either.</summary>
    public uint Last => Math.Max(Primary?.Last ?? 0, Secondary?.Last ?? 0);

    /// <summary>Takes up what was stored.</summary>
    public static ConsumerUse Stored(ConsumerKey key, TokenUse? primary, TokenUse? secondary, uint straggle) =>
        new(key) { Primary = primary, Secondary = secondary, Straggle = straggle };

    /// <summary>A copy that changes no more.</summary>
    public ConsumerUse Copy()
    {
        var copy = Stored(Key, Primary?.Copy(), Secondary?.Copy(), Straggle);
        copy.BrokeAt = BrokeAt;
        return copy;
    }

    /// <summary>Counts one call.</summary>
    public void Add(Slot slot, uint second)
    {
        if (slot == Slot.Secondary)
        {
            (Secondary ??= new()).Add(second);
            return;
        }

        if (Secondary is { } moved && second >= moved.First)
        {
            var before = Math.Max(moved.First, Primary?.Last ?? 0);
            Straggle = Math.Max(Straggle, Math.Max(1, second > before ? second - before : 0));
        }

        (Primary ??= new()).Add(second);
    }

    /// <summary>Takes note of a refusal by a pause.</summary>
    internal void Break(uint second) => BrokeAt = Math.Max(BrokeAt, second);

    /// <summary>Ends the primary's counts (the secondary was promoted) or the secondary's; false when nothing is left.</summary>
    internal bool Retire(bool promoted)
    {
        (Primary, Secondary, Straggle, BrokeAt) = (promoted ? Secondary : Primary, null, 0, 0);
        return Primary is not null;
    }
}

/// <summary>What people have decided about a consumer. Decisions are not counted but made: they are stored with the accounts, audited.</summary>
/// <param name="Name">What people call it; null for nothing.</param>
/// <param name="Every">How often it is expected, in seconds, whatever its rhythm was so far; null to go by the rhythm.</param>
/// <param name="GoneSince">When it was marked gone, in seconds since 1970; null when it was not. A later call with the old token outweighs it.</param>
public sealed record ConsumerDecision(string? Name = null, uint? Every = null, uint? GoneSince = null);
