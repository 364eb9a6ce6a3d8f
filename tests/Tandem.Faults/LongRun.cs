namespace Tandem.Faults;

/// <summary>The long form of a run is asked for by <c>./test faults --long</c>; the short one is in every test run.</summary>
internal static class LongRun
{
    public static bool IsAsked { get; } = Environment.GetEnvironmentVariable("TANDEM_TEST_LONG") == "1";

    public static T Of<T>(T brief, T full) => IsAsked ? full : brief;
}
