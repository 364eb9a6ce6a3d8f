using Tandem.Testing;
using Xunit;

namespace Tandem.Faults;

/// <summary>Chance for a test, whose output names the seed.</summary>
internal static class Seeded
{
    public static Dice Dice() => new(Testing.Dice.TakeSeed(TestContext.Current.TestOutputHelper!.WriteLine));
}
