using System.Buffers;
using System.Text.Json;

namespace Tandem.Server.ForwardAuth;

/// <summary>
/// Reads <c>{"account_sid":"AC…","auth_token":"…"}</c> without making a string of the token. Both members once and no other: of a member that
/// stands twice, another reader might take the other one.
/// </summary>
internal static class VerifyBody
{
    /// <summary>Reads the token into <paramref name="token"/>, which the caller zeroes. No body, and an object with no members, hold none.</summary>
    public static BasicForm Read(ReadOnlySequence<byte> body, Span<byte> token, out AccountSid sid, out int length)
    {
        (sid, length) = (default, 0);
        if (body.IsEmpty)
        {
            return BasicForm.Missing;
        }

        try
        {
            return ReadObject(new(body), token, out sid, out length);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return BasicForm.Malformed; // no JSON, or half of a surrogate pair in a string
        }
    }

    private static BasicForm ReadObject(Utf8JsonReader json, Span<byte> token, out AccountSid sid, out int length)
    {
        (sid, length) = (default, 0);
        var (hasSid, hasToken, isGood) = (false, false, json.Read() && json.TokenType == JsonTokenType.StartObject);
        Span<byte> sidText = stackalloc byte[6 * AccountSid.TextLength]; // each character may be an escape
        while (isGood && json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var isSid = json.ValueTextEquals("account_sid"u8);
            var isNew = isSid ? !hasSid : json.ValueTextEquals("auth_token"u8) && !hasToken;
            isGood = isNew && json.Read() && json.TokenType == JsonTokenType.String;
            if (!isGood)
            {
                break;
            }

            if (isSid)
            {
                hasSid = TryCopy(ref json, sidText, out var read) && AccountSid.TryParse(sidText[..read], out sid);
                isGood = hasSid;
            }
            else
            {
                hasToken = TryCopy(ref json, token, out length);
                isGood = hasToken;
            }
        }

        // The last read throws when something follows the object.
        return !isGood || json.TokenType != JsonTokenType.EndObject || json.Read() || hasSid != hasToken ? BasicForm.Malformed
            : hasSid ? BasicForm.Read
            : BasicForm.Missing;
    }

    private static bool TryCopy(ref Utf8JsonReader json, scoped Span<byte> destination, out int length)
    {
        // Unescaping only ever shortens. A token needs no escapes, so that what is too long with them may be refused.
        var fits = (json.HasValueSequence ? json.ValueSequence.Length : json.ValueSpan.Length) <= destination.Length;
        length = fits ? json.CopyString(destination) : 0;
        return fits;
    }
}
