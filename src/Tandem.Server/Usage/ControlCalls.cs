using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Tandem.Server.Usage;

/// <summary>Takes note of the calls on Twilio's paths. They are no evidence of who uses a token: a rotation makes them itself.</summary>
internal static class ControlCalls
{
    public static void Record(HttpContext context, in Verdict verdict)
    {
        var services = context.RequestServices;
        services.GetRequiredService<UsageRecorder>().Record(new()
        {
            Sid = verdict.Sid,
            Slot = verdict.Slot,
            Generation = verdict.Generation,
            Source = ClientNetwork.Of(context.Connection.RemoteIpAddress),
            Client = ClientFamilies.Parse(context.Request.Headers.UserAgent.ToString()),
            Kind = CallKind.Control,
            Second = (uint)services.GetRequiredService<TimeProvider>().GetUtcNow().ToUnixTimeSeconds(),
        });
    }
}
