using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Tandem.Server.Api;

namespace Tandem.Server.Refusals;

/// <summary>
/// Gives Kestrel's own refusals (a malformed request line, a bad Host, headers too large) the JSON body that every error has. The application
/// is never invoked for them; but Kestrel raises a diagnostic event synchronously before it writes its empty answer, and a writer in the
/// connection puts ours in its place.
/// </summary>
/// <remarks>
/// The event's name is no public contract. Were it to go, the answers would be Kestrel's empty ones, right in status; one test a case would tell.
/// HTTP/2 has its own framing for refusals and is left alone.
/// </remarks>
internal static class KestrelRefusals
{
    private const string EventName = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";

    /// <summary>Puts the writer into a listener's connections: after TLS, so that it writes plain HTTP.</summary>
    public static ListenOptions UseOwnRefusals(this ListenOptions listener)
    {
        listener.Use(next => async connection =>
        {
            var transport = connection.Transport;
            var writer = new RejectingWriter(transport.Output);
            connection.Features.Set(writer);
            connection.Transport = new Duplex(transport.Input, writer);
            try
            {
                await next(connection);
            }
            finally
            {
                connection.Transport = transport;
            }
        });
        return listener;
    }

    /// <summary>Listens to Kestrel's event until the host has stopped.</summary>
    public static void Observe(IServiceProvider services)
    {
        var observer = new Observer(services.GetRequiredService<TimeProvider>());
        var subscription = services.GetRequiredService<DiagnosticListener>()
            .Subscribe(observer, static name => name.Equals(EventName, StringComparison.Ordinal)); // hosting's events for each request stay off
        services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopped.Register(subscription.Dispose);
    }

    private sealed class Observer(TimeProvider time) : IObserver<KeyValuePair<string, object?>>
    {
        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (value.Value is IFeatureCollection request
                && request.Get<IHttpResponseFeature>() is { HasStarted: false } prepared
                && request.Get<IHttpResetFeature>() is null // HTTP/1
                && request.Get<RejectingWriter>() is { } writer
                && request.Get<IBadRequestExceptionFeature>()?.Error is Microsoft.AspNetCore.Http.BadHttpRequestException error)
            {
                writer.Reject(Answer(error.StatusCode, prepared.Headers.Allow, request.Get<IHttpRequestFeature>()?.Method));
            }
        }

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }

        private byte[] Answer(int status, string? allowed, string? method)
        {
            var body = TwilioErrors.Body(TwilioErrors.Unreadable(status));
            var head = string.Create(
                CultureInfo.InvariantCulture,
                $"""
                 HTTP/1.1 {status} {ReasonPhrases.GetReasonPhrase(status)}
                 Content-Type: {Answers.Json}
                 Content-Length: {body.Length}
                 Connection: close
                 Date: {time.GetUtcNow():R}
                 Cache-Control: no-store
                 X-Content-Type-Options: nosniff
                 {AnswerHeaders.RequestIdName}: {AnswerHeaders.CreateRequestId()}

                 """).ReplaceLineEndings("\r\n");
            var allow = string.IsNullOrEmpty(allowed) ? "" : $"Allow: {allowed}\r\n"; // of a 405: a constant of Kestrel's, no byte of the request
            return [.. Encoding.ASCII.GetBytes(head + allow + "\r\n"), .. method is "HEAD" ? [] : body];
        }
    }

    private sealed class Duplex(PipeReader input, PipeWriter output) : IDuplexPipe
    {
        public PipeReader Input => input;

        public PipeWriter Output => output;
    }
}
