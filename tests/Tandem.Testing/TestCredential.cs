using System.Net.Http.Headers;
using System.Text;

namespace Tandem.Testing;

/// <summary>An Account SID and a token, as a consumer holds them.</summary>
/// <param name="Sid">The Account SID.</param>
/// <param name="Token">The token.</param>
public sealed record TestCredential(string Sid, string Token)
{
    /// <summary>A SID that no account has, and a token of the right form.</summary>
    public static TestCredential Unknown { get; } = new("AC" + new string('0', 32), new string('a', 32));

    /// <summary>The value of an <c>Authorization</c> header.</summary>
    public string Basic => "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Sid}:{Token}"));

    /// <summary>Names the account, not the token.</summary>
    public override string ToString() => Sid;
}

/// <summary>What a test says about its request.</summary>
public static class TestRequests
{
    /// <summary>With another credential than the first account's; null for none.</summary>
    public static HttpRequestMessage As(this HttpRequestMessage request, TestCredential? credential)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Headers.Authorization = credential is null ? null : AuthenticationHeaderValue.Parse(credential.Basic);
        return request;
    }

    /// <summary>Gives it a JSON body.</summary>
    public static HttpRequestMessage Json(this HttpRequestMessage request, string body)
    {
        request.Content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        return request;
    }

    /// <summary>With a form.</summary>
    public static HttpRequestMessage Form(this HttpRequestMessage request, params (string Name, string Value)[] fields)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Content = new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Name, f.Value)));
        return request;
    }

    /// <summary>With a header, unchecked.</summary>
    public static HttpRequestMessage With(this HttpRequestMessage request, string name, string value)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }
}
