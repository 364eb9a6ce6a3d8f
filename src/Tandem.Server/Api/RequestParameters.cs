using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace Tandem.Server.Api;

/// <summary>
/// The parameters of a mutation: of a POST those of its form, of a DELETE those of its query, as Twilio's libraries send them. Unknown ones
/// are ignored, and so is a body that is no URL-encoded form: any Content-Type or none is accepted.
/// </summary>
internal sealed class RequestParameters
{
    /// <summary>Bytes of a body at most; more is a 413.</summary>
    public const int BodyLimit = 16 * 1024;

    private static readonly Dictionary<string, StringValues> None = [];

    private readonly Dictionary<string, StringValues> _values;

    private RequestParameters(Dictionary<string, StringValues> values) => _values = values;

    /// <summary>
    /// Reads the body to its end, so that whatever is wrong with it comes to light before anything is changed.
    /// </summary>
    /// <exception cref="BadHttpRequestException">It is too large, or cannot be read.</exception>
    public static async Task<RequestParameters> ReadAsync(HttpContext context)
    {
        var request = context.Request;
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = BodyLimit;
        }

        var isDelete = HttpMethods.IsDelete(request.Method);
        if (!isDelete && IsForm(request.ContentType))
        {
            var form = new FormPipeReader(request.BodyReader)
            {
                ValueCountLimit = BodyLimit,
                KeyLengthLimit = BodyLimit,
                ValueLengthLimit = BodyLimit,
            };
            try
            {
                return new(await form.ReadFormAsync(context.RequestAborted));
            }
            catch (InvalidDataException e) // an escaped zero in it
            {
                throw new BadHttpRequestException("The form holds a character that no form may hold.", e);
            }
        }

        await request.Body.CopyToAsync(Stream.Null, context.RequestAborted);
        return new(isDelete ? request.Query.ToDictionary(StringComparer.OrdinalIgnoreCase) : None);
    }

    /// <summary>The value; null when it was not sent or is empty.</summary>
    public string? Find(string name) => _values.TryGetValue(name, out var values) && values[0] is { Length: > 0 } value ? value : null;

    /// <summary>Where the mutation comes from, and whether it asks for no e-mail (<c>true</c> and <c>false</c> in any case).</summary>
    public ChangeContext Describe(HttpContext context) => new(
        RequestSource.Of(context),
        context.TraceIdentifier,
        bool.TryParse(Find("SuppressEmailNotification"), out var suppress) && suppress);

    private static bool IsForm(string? contentType) =>
        contentType.AsSpan() is var type
        && (type.IndexOf(';') is var end and >= 0 ? type[..end] : type).Trim()
            .Equals("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase);
}
