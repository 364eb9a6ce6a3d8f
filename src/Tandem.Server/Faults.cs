using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Tandem.Server.Api;
using Tandem.Server.Metrics;

namespace Tandem.Server;

/// <summary>Set among a request's features once its mutation is durable. From then on no answer may say that it failed.</summary>
internal sealed class Committed
{
    public static readonly Committed Mark = new();
}

/// <summary>
/// An exception becomes one log line and a 500, a request that cannot be read a 400 or 413, a read that the store refuses a 503. Clients send a
/// mutation again after a 5xx: once it is durable, a fault therefore closes the connection instead.
/// </summary>
internal sealed partial class Faults(ServerMetrics metrics, ILogger log)
{
    public async Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        try
        {
            await next(context);
        }
        catch (BadHttpRequestException e) when (!context.Response.HasStarted && context.Features.Get<Committed>() is null)
        {
            context.Response.Headers.Connection = HttpProtocol.IsHttp11(context.Request.Protocol) ? "close" : default;
            await Rooms.WriteAsync(context, TwilioErrors.Unreadable(e.StatusCode));
        }
        catch (StoreBusyException) when (!context.Response.HasStarted && context.Features.Get<Committed>() is null)
        {
            await Rooms.WriteAsync(context, TwilioErrors.Unavailable);
        }
        catch (Exception e) when (IsGone(context, e))
        {
            context.Abort();
        }
        catch (Exception e)
        {
            metrics.Fault();
            Faulted(log, e, context.TraceIdentifier);
            if (context.Response.HasStarted || context.Features.Get<Committed>() is not null)
            {
                context.Abort();
                return;
            }

            await Rooms.WriteAsync(context, TwilioErrors.InternalError);
        }
    }

    private static bool IsGone(HttpContext context, Exception e) =>
        e is ConnectionAbortedException or ConnectionResetException
        || (e is OperationCanceledException or IOException or BadHttpRequestException && context.RequestAborted.IsCancellationRequested);

    // The request's id and the exception; nothing that the request brought along.
    [LoggerMessage(1, LogLevel.Error, "Request {RequestId} failed.")]
    private static partial void Faulted(ILogger logger, Exception exception, string requestId);
}
