using System.Text.Json;
using CsCheck;
using Xunit;

namespace Tandem.Tests.Counting;

public sealed class ClientFamilyTests
{
    [Fact]
    public void Every_recorded_client_is_recognised()
    {
        using var file = typeof(ClientFamilyTests).Assembly.GetManifestResourceStream("twilio-client-requests.json")!;
        using var recording = JsonDocument.Parse(file);
        var families = new HashSet<ClientFamily>();
        foreach (var client in recording.RootElement.GetProperty("clients").EnumerateObject())
        {
            foreach (var request in client.Value.EnumerateObject().Where(r => r.Value.ValueKind == JsonValueKind.Object && r.Value.TryGetProperty("headers", out _)))
            {
                var agent = request.Value.GetProperty("headers").EnumerateArray()
                    .First(h => h[0].GetString()!.Equals("User-Agent", StringComparison.OrdinalIgnoreCase))[1].GetString()!;
                var family = ClientFamilies.Parse(agent);

                Assert.StartsWith(family.Name() + "/", agent, StringComparison.Ordinal);
                families.Add(family);
            }
        }

        Assert.Equal(9, families.Count);
        Assert.DoesNotContain(ClientFamily.Other, families);
        Assert.DoesNotContain(ClientFamily.None, families);
    }

    [Theory]
    [InlineData("", ClientFamily.None)]
    [InlineData("  \t", ClientFamily.None)]
    [InlineData("Mozilla/5.0 (X11; Linux x86_64)", ClientFamily.Other)]
    [InlineData("twilio-nodes/6.2.0", ClientFamily.Other)]
    [InlineData("twilio-node", ClientFamily.Other)]
    [InlineData("twilio-node/", ClientFamily.Other)]
    [InlineData("twilio-node/x", ClientFamily.Other)]
    [InlineData("my twilio-node/6.2.0", ClientFamily.Other)]
    [InlineData("Mozilla/5.0 twilio-node/6.2.0", ClientFamily.Other)]
    [InlineData("twilio-java/12.0.0 (Linux amd64) java/17.0.15 custom", ClientFamily.TwilioJava)]
    [InlineData("twilio-python/7.7.1 (Python 3.11.2)", ClientFamily.TwilioPython)]
    public void Others_are_not_taken_for_one(string agent, ClientFamily family) => Assert.Equal(family, ClientFamilies.Parse(agent));

    /// <summary>Whatever a stranger sends: a family is only ever given to what begins with its name, a slash and a digit.</summary>
    [Fact]
    public void Hostile_strings_are_read_without_harm()
    {
        string[] fixedPieces = ["twilio-node", "twilio-cli", "curl", "/", "6", " ", "\0", "\u0661", "twilio-go/1", new string('a', 10_000), "\ud800"];
        var piece = Gen.OneOf(
            Gen.String,
            Gen.Int[0, fixedPieces.Length - 1].Select(i => fixedPieces[i]));
        piece.List[0, 6].Select(string.Concat).Sample(
            agent =>
            {
                var family = ClientFamilies.Parse(agent);
                var name = family.Name();
                var begins = agent.StartsWith(name + "/", StringComparison.Ordinal) && agent.Length > name.Length + 1 && char.IsAsciiDigit(agent[name.Length + 1]);
                Assert.Equal(string.IsNullOrWhiteSpace(agent), family == ClientFamily.None);
                Assert.True(family is ClientFamily.None or ClientFamily.Other || begins);
            },
            iter: 20_000);
    }

    [Fact]
    public void Reading_allocates_nothing()
    {
        const string agent = "twilio-csharp/7.14.9 (Unix X64) .NET/10.0.12";
        ClientFamilies.Parse(agent);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            ClientFamilies.Parse(agent);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
