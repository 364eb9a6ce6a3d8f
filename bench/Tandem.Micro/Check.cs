using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Tandem.Server;
using Tandem.Server.ForwardAuth;
using Tandem.Server.Listeners;
using Tandem.Server.Metrics;
using Tandem.Server.Usage;

namespace Tandem.Micro;

/// <summary>
/// The whole check less the server, with usage counted by its worker meanwhile: what a thousand accounts that are asked for in turn cost, and what
/// many more. The header is made anew each time, as the server does.
/// </summary>
public class Check
{
    private readonly DefaultHttpContext _context = new();
    private Sample _sample = null!;
    private UsageRecorder _recorder = null!;
    private CredentialCheck _check = null!;
    private string _directory = "";
    private int _next;

    /// <summary>In the index.</summary>
    [Params(1_000, 1_000_000)]
    public int Accounts { get; set; }

    /// <summary>Of these so many are asked for.</summary>
    [Params(1_000, 5_000, 1_000_000)]
    public int Asked { get; set; }

    [GlobalSetup]
    public async Task StartAsync()
    {
        Asked = Math.Min(Asked, Accounts);
        _sample = new(Accounts);
        _directory = Directory.CreateTempSubdirectory("tandem-micro-").FullName;
        var options = new TandemOptions { DataDirectory = _directory };
        _recorder = new(_sample.Index, _sample.Keys, options, TimeProvider.System, NullLogger<UsageRecorder>.Instance);
        await _recorder.StartAsync(CancellationToken.None);
        var counts = new VerdictCounts();
        RequestDelegate clientAddress = static _ => Task.CompletedTask;
        var evidence = new EvidenceCalls(_recorder, clientAddress, options, counts, TimeProvider.System);
        var refused = new RefusedCredentials(new Throttle(options, TimeProvider.System), counts);
        _check = new(_sample.Verifier, new(refused, clientAddress, evidence), evidence, new(counts, TimeProvider.System, NullLogger.Instance), TimeProvider.System);
        _context.Features.Set<IListenerFeature>(new ListenerTag(ListenerKind.Api));
        _context.Features.Get<IHttpRequestFeature>()!.RawTarget = "/auth/forward";
        _context.Connection.RemoteIpAddress = System.Net.IPAddress.Loopback;
    }

    [GlobalCleanup]
    public async Task StopAsync()
    {
        await _recorder.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Benchmark]
    public int Ask()
    {
        _next = _next + 1 < Asked ? _next + 1 : 0;
        _context.Request.Headers.Authorization = Sample.Header(_sample.Sids[_next]);
        _context.Response.Headers.Clear();
        var answer = _check.AnswerAsync(_context, static _ => throw new InvalidOperationException("The check passed the request on."));
        return answer.IsCompletedSuccessfully ? _context.Response.StatusCode : throw new InvalidOperationException("The check went on.");
    }
}
