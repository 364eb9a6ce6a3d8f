using System.Numerics;

namespace Tandem.Server.Metrics;

/// <summary>What is counted of a credential that was presented.</summary>
internal enum VerdictKind
{
    /// <summary>Valid, by the account's primary token.</summary>
    Primary,

    /// <summary>Valid, by its secondary.</summary>
    Secondary,

    /// <summary>None was presented: no failure, it is how clients learn that one is asked for.</summary>
    Missing,

    /// <summary>Not exactly one well-formed credential.</summary>
    Malformed,

    /// <summary>No account has this SID.</summary>
    UnknownAccount,

    /// <summary>Neither of the account's tokens.</summary>
    WrongToken,

    /// <summary>The right token of an account that is not active.</summary>
    Suspended,

    /// <summary>Valid, and refused by a pause: its account rehearses a promote.</summary>
    Paused,

    /// <summary>Not valid for one of these reasons, and one too many.</summary>
    Throttled,

    /// <summary>It could not be checked.</summary>
    Unavailable,
}

/// <summary>
/// How many credentials were presented, by who asked and what the verdict was. The check counts here and nothing else happens then: a
/// measuring instrument of the framework's would look for listeners and carry tags along, eight times the cost; it is read from here when somebody asks.
/// </summary>
/// <remarks>
/// Each processor has counts of its own on cache lines of their own, so that two never wait for each other; the increment is atomic all the
/// same, because a thread may be moved between reading the processor's number and counting.
/// </remarks>
internal sealed class VerdictCounts
{
    private const int Families = (int)Family.Own + 1;
    private const int Kinds = (int)VerdictKind.Unavailable + 1;

    /// <summary>Numbers a processor has: its counts, and a cache line of 64 bytes that separates them from the next one's.</summary>
    private const int Stride = (((Families * Kinds) + 7) & ~7) + 8;

    private readonly long[] _counts;
    private readonly int _mask;

    public VerdictCounts()
    {
        var processors = (int)BitOperations.RoundUpToPowerOf2((uint)Math.Min(Environment.ProcessorCount, 64));
        _counts = new long[processors * Stride];
        _mask = processors - 1;
    }

    /// <summary>Counts one. Any thread may call it; it neither allocates nor waits.</summary>
    public void Add(Family family, VerdictKind kind) =>
        Interlocked.Increment(ref _counts[((Thread.GetCurrentProcessorId() & _mask) * Stride) + Place(family, kind)]);

    /// <summary>Counts a valid credential by its slot.</summary>
    public void AddValid(Family family, Slot slot) => Add(family, slot == Slot.Primary ? VerdictKind.Primary : VerdictKind.Secondary);

    /// <summary>How many so far.</summary>
    public long Of(Family family, VerdictKind kind)
    {
        var sum = 0L;
        for (var at = Place(family, kind); at < _counts.Length; at += Stride)
        {
            sum += Volatile.Read(ref _counts[at]);
        }

        return sum;
    }

    /// <summary>How many so far, whoever asked.</summary>
    public long Of(VerdictKind kind)
    {
        var sum = 0L;
        for (var family = Family.Nginx; family <= Family.Own; family++)
        {
            sum += Of(family, kind);
        }

        return sum;
    }

    private static int Place(Family family, VerdictKind kind) => ((int)family * Kinds) + (int)kind;
}
