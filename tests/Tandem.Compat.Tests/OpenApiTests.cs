using System.Text.Json;
using Tandem.Testing;
using Xunit;

namespace Tandem.Compat;

/// <summary>swagger-parser, by which many tools read OpenAPI: the document of the program, the native one where there is one, is as the specification says.</summary>
public sealed class OpenApiTests
{
    [Fact]
    public async Task A_foreign_reader_takes_the_document()
    {
        await using var server = await ServerProcess.StartAsync();
        var file = Path.Combine(server.Data, "openapi.json");
        await File.WriteAllTextAsync(
            file, await server.Http.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), TestContext.Current.CancellationToken), TestContext.Current.CancellationToken);

        var (exitCode, output, errors) = await ClientProcess.RunAsync(
            server, "node", $"exec \"{ClientProcess.Node}\" \"{ClientProcess.NodeDirectory}/openapi.js\" \"{file}\"", "", "");
        Assert.True(exitCode == 0, errors);
        var read = JsonElement.Parse(output);
        Assert.StartsWith("3.1.", read.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        Assert.True(read.GetProperty("operations").GetInt32() >= 30, output);
    }
}
