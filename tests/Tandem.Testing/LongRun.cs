namespace Tandem.Testing;

/// <summary>The long form of a run is asked for by <c>./test NAME --long</c>; the short one is in every test run.</summary>
public static class LongRun
{
    public static T Of<T>(T brief, T full) => Environment.GetEnvironmentVariable("TANDEM_TEST_LONG") == "1" ? full : brief;
}
