using System.Text.Json;

namespace Tandem;

/// <summary>The names by which an enumeration's values are known outside the program: in answers, in the anchor, in metrics.</summary>
public static class WireName
{
    /// <summary>In snake_case: <c>secondary_promoted</c>.</summary>
    public static string Of<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
