using System.Text.Json.Serialization;

namespace Tandem.Client;

/// <summary>A variable of an environment of Twilio Functions: the next run of a Function reads it, without a deployment.</summary>
public sealed record TwilioVariable
{
    /// <summary>Its SID: <c>ZV</c> and 32 hexadecimal digits.</summary>
    [JsonPropertyName("sid")]
    public required string Sid { get; init; }

    /// <summary>Its name.</summary>
    [JsonPropertyName("key")]
    public required string Key { get; init; }

    /// <summary>What it holds.</summary>
    [JsonPropertyName("value")]
    public required string Value { get; init; }

    /// <summary>Its name, and nothing of what it holds.</summary>
    public override string ToString() => $"variable {Key}";
}

/// <summary>An environment of a service of Functions.</summary>
public sealed record TwilioEnvironment
{
    /// <summary>Its SID: <c>ZE</c> and 32 hexadecimal digits.</summary>
    [JsonPropertyName("sid")]
    public required string Sid { get; init; }

    /// <summary>What people call it: <c>production</c>.</summary>
    [JsonPropertyName("unique_name")]
    public required string UniqueName { get; init; }
}

/// <summary>A page of variables.</summary>
public sealed record TwilioVariablePage
{
    /// <summary>The variables.</summary>
    [JsonPropertyName("variables")]
    public required IReadOnlyList<TwilioVariable> Variables { get; init; }

    /// <summary>Where the next page is.</summary>
    [JsonPropertyName("meta")]
    public required TwilioPageMeta Meta { get; init; }
}

/// <summary>A page of environments.</summary>
public sealed record TwilioEnvironmentPage
{
    /// <summary>The environments.</summary>
    [JsonPropertyName("environments")]
    public required IReadOnlyList<TwilioEnvironment> Environments { get; init; }

    /// <summary>Where the next page is.</summary>
    [JsonPropertyName("meta")]
    public required TwilioPageMeta Meta { get; init; }
}

/// <summary>What a page of Twilio's newer APIs says of its neighbours.</summary>
public sealed record TwilioPageMeta
{
    /// <summary>The absolute address of the next page; null on the last.</summary>
    [JsonPropertyName("next_page_url")]
    public Uri? NextPageUrl { get; init; }

    /// <summary>Its path and query alone: the credential goes to no other host than the first page's. Null on the last page.</summary>
    [JsonIgnore]
    public string? NextPath => NextPageUrl is { IsAbsoluteUri: true } url ? url.PathAndQuery : NextPageUrl?.OriginalString;
}
