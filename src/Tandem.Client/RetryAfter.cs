namespace Tandem.Client;

/// <summary>The header by which a server asks to be left alone for a while.</summary>
internal static class RetryAfter
{
    /// <summary>What an answer asks for: seconds, or a date, which counts from the answer's own; null when it asks for nothing.</summary>
    public static TimeSpan? Of(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } time } => time,
        { Date: { } until } when response.Headers.Date is { } now => until > now ? until - now : TimeSpan.Zero,
        _ => null,
    };
}
