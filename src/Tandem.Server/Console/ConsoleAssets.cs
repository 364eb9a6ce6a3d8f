using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Tandem.Server.Console;

/// <summary>A file that pages link to. It lies in the assembly, and its address holds its hash, so that a browser may keep it for good.</summary>
internal sealed class ConsoleAsset
{
    public static readonly ConsoleAsset Style = new("console.css", "text/css; charset=utf-8");
    public static readonly ConsoleAsset Script = new("console.js", "text/javascript; charset=utf-8");
    public static readonly ConsoleAsset Icon = new("icon.svg", "image/svg+xml");

    private readonly byte[] _content;
    private readonly string _type;

    private ConsoleAsset(string file, string type)
    {
        using var stream = typeof(ConsoleAsset).Assembly.GetManifestResourceStream($"asset:{file}")
            ?? throw new InvalidOperationException($"The assembly does not hold {file}.");
        _content = new byte[stream.Length];
        stream.ReadExactly(_content);
        _type = type;
        var hash = Convert.ToHexStringLower(SHA256.HashData(_content).AsSpan(0, 6));
        Path = $"/assets/{System.IO.Path.GetFileNameWithoutExtension(file)}.{hash}{System.IO.Path.GetExtension(file)}";
    }

    /// <summary>Where it is.</summary>
    public string Path { get; }

    public static void Map(IEndpointRouteBuilder routes)
    {
        foreach (var asset in (ReadOnlySpan<ConsoleAsset>)[Style, Script, Icon])
        {
            routes.MapMethods(asset.Path, [HttpMethods.Get, HttpMethods.Head], asset.WriteAsync);
        }
    }

    private async Task WriteAsync(HttpContext context)
    {
        var response = context.Response;
        response.Headers.CacheControl = "public, max-age=31536000, immutable";
        response.ContentType = _type;
        response.ContentLength = _content.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.Body.WriteAsync(_content, context.RequestAborted);
        }
    }
}
