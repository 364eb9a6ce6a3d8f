using System.Text.Json;
using Tandem.Testing;
using Xunit;

namespace Tandem.Compat;

/// <summary>Twilio's libraries, unmodified, pointed here by their environment alone, do a whole rotation.</summary>
public sealed class LibraryTests
{
    [Fact]
    public async Task The_library_for_Node_rotates()
    {
        var seen = await RunAsync("node", $"exec \"{ClientProcess.Node}\" \"{ClientProcess.NodeDirectory}/rotate.js\"");

        Assert.Matches("^20..-..-..T..:..:...000Z$", seen.GetProperty("created").GetProperty("created").GetString());
        Assert.True(seen.GetProperty("deleted").GetBoolean());
        Assert.Contains("from node", seen.GetProperty("accounts").EnumerateArray().Select(n => n.GetString()));
        Assert.Equal("A secondary Auth Token already exists: promote or delete it before creating another", Message(seen, "secondCreate"));
        AssertRotation(seen);
    }

    [Fact]
    public async Task The_library_for_Python_from_Debian_rotates()
    {
        var seen = await RunAsync("python", "exec /usr/bin/python3 python/rotate.py");

        // Parsed into a date with a zone; a string would have no isoformat, and a wrong spelling would have stayed one.
        Assert.Matches(@"^20..-..-..T..:..:..\+00:00$", seen.GetProperty("created").GetProperty("created").GetString());
        Assert.True(seen.GetProperty("deleted").GetBoolean());
        Assert.Contains("from python", seen.GetProperty("accounts").EnumerateArray().Select(n => n.GetString()));
        AssertRotation(seen);
    }

    private static void AssertRotation(JsonElement seen)
    {
        Assert.Equal("https://accounts.twilio.com/v1/AuthTokens/Secondary", seen.GetProperty("created").GetProperty("url").GetString());
        Assert.Equal("https://accounts.twilio.com/v1/AuthTokens/Promote", seen.GetProperty("promoted").GetProperty("url").GetString());
        Assert.True(seen.GetProperty("promoted").GetProperty("same").GetBoolean());
        Assert.True(seen.GetProperty("account").GetProperty("primary").GetBoolean());
        Assert.Equal("active", seen.GetProperty("account").GetProperty("status").GetString());
        Assert.True(seen.GetProperty("both").GetBoolean());
        Assert.Equal((400, 70002), Refusal(seen, "secondCreate"));
        Assert.Equal((401, 20003), Refusal(seen, "old"));
        Assert.Contains("Authenticate", Message(seen, "old"), StringComparison.Ordinal);
        Assert.Equal((404, 20404), Refusal(seen, "secondDelete"));
        Assert.Contains("The requested resource /AuthTokens/Secondary was not found", Message(seen, "secondDelete"), StringComparison.Ordinal);
        Assert.Equal((401, 20003), Refusal(seen, "secondary"));
        Assert.Equal(2, seen.GetProperty("accounts").GetArrayLength()); // two pages of one
    }

    private static (int Status, int Code) Refusal(JsonElement seen, string name) =>
        (seen.GetProperty(name).GetProperty("status").GetInt32(), seen.GetProperty(name).GetProperty("code").GetInt32());

    private static string? Message(JsonElement seen, string name) => seen.GetProperty(name).GetProperty("message").GetString();

    private static async Task<JsonElement> RunAsync(string client, string script)
    {
        await using var server = await ServerProcess.StartAsync();
        var (sid, token) = server.FirstAccount();
        var (exitCode, output, errors) = await ClientProcess.RunAsync(server, client, script, sid, token);
        Assert.True(exitCode == 0, $"exit code {exitCode}: {errors}");
        return JsonElement.Parse(output);
    }
}
