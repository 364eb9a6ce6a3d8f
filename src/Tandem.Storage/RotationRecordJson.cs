using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tandem.Storage;

/// <summary>How the record of a rotation is kept: as JSON, since nothing is ever looked for in it.</summary>
[JsonSerializable(typeof(RotationRecord))]
internal sealed partial class RotationRecordJson : JsonSerializerContext
{
    /// <summary>Null when a later version wrote it in a form that this one does not know: then it is told of again, or missed by nobody.</summary>
    public static RotationRecord? Read(string text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, Default.RotationRecord);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
