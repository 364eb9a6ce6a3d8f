using System.Text.Json;

namespace Tandem.Testing;

/// <summary>An answer as seen from outside.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Headers">All headers, by name in any case; the values of a repeated one joined.</param>
/// <param name="Body">The body as text; empty for none.</param>
public sealed record TestAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Body)
{
    /// <summary>The body as JSON.</summary>
    public JsonElement Json => JsonDocument.Parse(Body).RootElement;

    /// <summary>A header; null when it is not there.</summary>
    public string? Header(string name) => Headers.GetValueOrDefault(name);

    /// <summary>A member of the JSON body as text; null when it is null.</summary>
    public string? Text(string member) => Json.GetProperty(member).GetString();

    /// <summary>Reads an answer whole.</summary>
    public static async Task<TestAnswer> ReadAsync(HttpResponseMessage response)
    {
        ArgumentNullException.ThrowIfNull(response);
        var headers = response.Headers.Concat(response.Content.Headers)
            .ToDictionary(h => h.Key, h => string.Join(", ", h.Value), StringComparer.OrdinalIgnoreCase);
        return new((int)response.StatusCode, headers, await response.Content.ReadAsStringAsync());
    }
}
