using System.Globalization;
using System.Net;

// bare minimal PORT      an endpoint of the minimal API, which people compare with
// bare middleware PORT   middleware in front of routing, which is the check's own shape
var (shape, port) = (args[0], int.Parse(args[1], CultureInfo.InvariantCulture));
var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.AddServerHeader = false;
    kestrel.Listen(IPAddress.Loopback, port);
});
var app = builder.Build();
if (shape == "middleware")
{
    app.Use((HttpContext context, RequestDelegate _) =>
    {
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    });
}
else
{
    app.MapGet("/{**any}", () => TypedResults.NoContent());
}

app.Run();
