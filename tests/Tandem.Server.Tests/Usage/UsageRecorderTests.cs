using System.Net;
using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tandem.Server.Usage;
using Tandem.Storage;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.Usage;

/// <summary>The counting in a running server: what it notes, what it survives, what it costs.</summary>
public sealed class UsageRecorderTests
{
    [Fact]
    public async Task Twilio_calls_are_control_calls_and_note_the_last_use()
    {
        await using var tandem = await TestTandem.StartAsync(new() { Time = Calls.Clock() });
        await tandem.SendAsync("GET", "/2010-04-01/Accounts.json", r => r.Headers.UserAgent.ParseAdd("twilio-ruby/7.11.1"));

        var sid = AccountSid.Parse(tandem.Account.Sid);
        var usage = Recorder(tandem).Report(sid).Usage!;
        Assert.Equal(1UL, usage.Control(Slot.Primary).Calls);
        Assert.Empty(usage.Consumers);
        Assert.True(tandem.Services.GetRequiredService<VerifierIndex>().TryGet(sid, out var entry));
        Assert.Equal(usage.Control(Slot.Primary).Last, entry.PrimaryLastUse);
    }

    [Fact]
    public async Task Late_use_of_a_retired_token_is_listed_and_a_promoted_tokens_counts_stay()
    {
        await using var tandem = await TestTandem.StartAsync();
        var (recorder, sid) = (Recorder(tandem), AccountSid.Parse(tandem.Account.Sid));
        var verifier = tandem.Services.GetRequiredService<Verifier>();
        var created = await tandem.SendAsync("POST", "/v1/AuthTokens/Secondary");
        var secondary = created.Text("secondary_auth_token")!;
        Record(recorder, verifier, sid, tandem.Account.Token);
        Record(recorder, verifier, sid, secondary);
        Assert.Equal(200, (await tandem.SendAsync("POST", "/v1/AuthTokens/Promote")).Status);

        Record(recorder, verifier, sid, tandem.Account.Token);
        Record(recorder, verifier, sid, tandem.Account.Token);
        Record(recorder, verifier, sid, new string('0', 32));
        var report = recorder.Report(sid);
        var late = Assert.Single(report.LateUses);
        Assert.Equal((2UL, "192.0.2.7", ClientFamily.TwilioPhp), (late.Calls, late.Caller.Network.ToString(), late.Caller.Client));
        var consumer = Assert.Single(report.Usage!.Consumers);
        Assert.Equal((1UL, true), (consumer.Primary!.Calls, consumer.Secondary is null));
    }

    [Fact]
    public async Task A_stop_writes_everything_and_leaves_no_gap()
    {
        using var directory = new Store();
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
        var (sid, _) = directory.Create(time);
        await using (var recorder = directory.Recorder(time))
        {
            await recorder.StartAsync(CancellationToken.None);
            for (var i = 0; i < 5000; i++)
            {
                recorder.Record(Call(sid, time) with { ClientName = $"c{i % 200}" });
            }

            await recorder.StopAsync(CancellationToken.None);
        }

        await using var again = directory.Recorder(time);
        await again.StartAsync(CancellationToken.None);
        var report = again.Report(sid);
        Assert.Equal(5000UL, report.Usage!.Consumers.Aggregate(0UL, (sum, c) => sum + c.Primary!.Calls));
        Assert.Empty(report.Gaps);
    }

    [Fact]
    public async Task What_does_not_fit_the_queue_is_dropped_counted_and_a_gap_of_its_account()
    {
        using var directory = new Store();
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
        var (sid, index) = directory.Create(time);
        await using var recorder = directory.Recorder(time);
        await recorder.StartAsync(CancellationToken.None);
        for (var i = 0; i < 40_000; i++)
        {
            recorder.Record(Call(sid, time));
        }

        time.Advance(TimeSpan.FromSeconds(30));
        recorder.Record(Call(sid, time));
        var report = recorder.Report(sid);
        Assert.Empty(report.Gaps);
        Assert.InRange(report.Usage!.GapUntil, report.At - 30, report.At);
        Assert.True(recorder.Counters.Dropped > 7000, $"{recorder.Counters.Dropped} dropped");
        Assert.True(index.TryGet(sid, out var entry));
        Assert.Equal((uint)time.GetUtcNow().ToUnixTimeSeconds(), entry.PrimaryLastUse); // never dropped
    }

    [Fact]
    public async Task A_flood_of_one_tenant_is_no_gap_of_another()
    {
        using var directory = new Store();
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
        List<AccountSid> flooding = [directory.Create(time).Sid];
        flooding.AddRange(Enumerable.Range(0, 50).Select(_ => directory.Create(time, flooding[0]).Sid).ToList());
        var quiet = directory.Create(time).Sid;
        await using var recorder = directory.Recorder(time);
        await recorder.StartAsync(CancellationToken.None);
        for (var i = 0; i < 40_000; i++)
        {
            recorder.Record(Call(flooding[i % flooding.Count], time));
        }

        for (var i = 0; i < 100; i++)
        {
            recorder.Record(Call(quiet, time));
        }

        var (report, flood) = (recorder.Report(quiet), recorder.Report(flooding[0]));
        Assert.True(recorder.Counters.Dropped > 0, "Nothing was dropped, so this shows nothing.");
        Assert.Equal((100UL, 0u, 0), (Assert.Single(report.Usage!.Consumers).Primary!.Calls, report.Usage.GapUntil, report.Gaps.Count));
        Assert.Equal(flood.At, flood.Usage!.GapUntil);
    }

    [Fact]
    public async Task When_nothing_can_be_written_the_counting_goes_on_and_the_next_start_knows_of_the_gap()
    {
        using var directory = new Store();
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
        var sid = directory.Create(time).Sid;
        await using (var recorder = directory.Recorder(time))
        {
            await recorder.StartAsync(CancellationToken.None);
            directory.Execute("DELETE FROM run"); // each batch ends with a note there: an error that nobody expects
            recorder.Record(Call(sid, time));
            await Until.TrueAsync(() =>
            {
                time.Advance(TimeSpan.FromMilliseconds(100));
                return recorder.Counters.WriteErrors > 0;
            });
            recorder.Record(Call(sid, time));
            Assert.Equal(2UL, Assert.Single(recorder.Report(sid).Usage!.Consumers).Primary!.Calls);
        }

        await using var again = directory.Recorder(time);
        await again.StartAsync(CancellationToken.None);
        Assert.NotEmpty(again.Report(sid).Gaps);
    }

    [Fact]
    public async Task A_flood_of_guesses_takes_nothing_from_the_evidence()
    {
        using var directory = new Store();
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
        var (sid, _) = directory.Create(time);
        await using var recorder = directory.Recorder(time);
        await recorder.StartAsync(CancellationToken.None);
        for (var i = 0; i < 100_000; i++)
        {
            recorder.Record(Call(sid, time) with { Slot = null, Generation = 0 });
        }

        recorder.Record(Call(sid, time));
        var report = recorder.Report(sid);
        Assert.Equal((1, 0), (report.Usage!.Consumers.Count, report.Gaps.Count));
    }

    [Fact]
    public async Task A_usage_file_that_cannot_be_used_hurts_neither_calls_nor_rotations()
    {
        await using var tandem = await TestTandem.StartAsync(new()
        {
            Options = o =>
            {
                Directory.CreateDirectory(Path.Combine(o.DataDirectory, UsageFile.Name)); // nothing can be written there
                return o;
            },
        });
        Assert.Equal(201, (await tandem.SendAsync("POST", "/v1/AuthTokens/Secondary")).Status);
        Assert.Equal(200, (await tandem.SendAsync("POST", "/v1/AuthTokens/Promote")).Status);

        var report = Recorder(tandem).Report(AccountSid.Parse(tandem.Account.Sid));
        Assert.Equal(GapReason.Unreadable, Assert.Single(report.Gaps).Reason);
        Assert.True(Recorder(tandem).Counters.WriteErrors > 0);
        Assert.Contains(tandem.Log.Lines, l => l.Contains("usage_file", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Turned_off_it_counts_nobody_and_keeps_the_last_use()
    {
        await using var tandem = await TestTandem.StartAsync(new() { Options = o => o with { CountUsage = false } });
        var (recorder, sid) = (Recorder(tandem), AccountSid.Parse(tandem.Account.Sid));
        Record(recorder, tandem.Services.GetRequiredService<Verifier>(), sid, tandem.Account.Token);

        var report = recorder.Report(sid);
        Assert.Null(report.Usage);
        Assert.Equal(report.At, report.GapUntil);
        Assert.True(tandem.Services.GetRequiredService<VerifierIndex>().TryGet(sid, out var entry));
        Assert.NotEqual(0u, entry.PrimaryLastUse);
    }

    [Fact]
    public async Task Recording_allocates_nothing()
    {
        await using var tandem = await TestTandem.StartAsync();
        var (recorder, sid) = (Recorder(tandem), AccountSid.Parse(tandem.Account.Sid));
        var address = IPAddress.Parse("192.0.2.7");
        var sighting = new Sighting { Sid = sid, Slot = Slot.Primary, Generation = 1, Kind = CallKind.Evidence, Second = 1_790_000_000 };
        recorder.Record(sighting);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            recorder.Record(sighting with { Source = ClientNetwork.Of(address) });
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public async Task Many_writers_lose_nothing_that_fits()
    {
        var queue = new SightingQueue(1 << 12);
        var (taken, refused) = (0L, 0L);
        var writers = Enumerable.Range(0, 4).Select(w => Task.Run(() =>
        {
            for (var i = 0u; i < 50_000; i++)
            {
                if (!queue.TryAdd(new() { Second = i, Generation = w }))
                {
                    Interlocked.Increment(ref refused);
                }
            }
        })).ToArray();
        var last = new long[] { -1, -1, -1, -1 };
        while (!Array.TrueForAll(writers, w => w.IsCompleted) || queue.Count > 0)
        {
            while (queue.TryTake(out var sighting))
            {
                Assert.True(sighting.Second > last[sighting.Generation], "A writer's calls changed their order.");
                last[sighting.Generation] = sighting.Second;
                taken++;
            }
        }

        await Task.WhenAll(writers);
        Assert.Equal(200_000, taken + refused);
    }

    private static UsageRecorder Recorder(TestTandem tandem) => tandem.Services.GetRequiredService<UsageRecorder>();

    private static Sighting Call(AccountSid sid, TimeProvider time) => new()
    {
        Sid = sid,
        Slot = Slot.Primary,
        Generation = 1,
        Client = ClientFamily.TwilioGo,
        Kind = CallKind.Evidence,
        Second = (uint)time.GetUtcNow().ToUnixTimeSeconds(),
    };

    /// <summary>As the check does it.</summary>
    private static void Record(UsageRecorder recorder, Verifier verifier, AccountSid sid, string token)
    {
        var verdict = verifier.Verify(sid, Encoding.ASCII.GetBytes(token), out var digest);
        recorder.Record(new()
        {
            Sid = sid,
            Slot = verdict.IsValid ? verdict.Slot : null,
            Generation = verdict.IsValid ? verdict.Generation : 0,
            Digest = verdict.IsValid ? default : digest,
            Source = ClientNetwork.Of(IPAddress.Parse("192.0.2.7")),
            Client = ClientFamilies.Parse("twilio-php/8.12.0 (Linux x86_64) PHP/8.2.36"),
            Kind = CallKind.Evidence,
            Second = (uint)TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(),
        });
    }

    /// <summary>A data directory and an index, without a server.</summary>
    private sealed class Store : IDisposable
    {
        private readonly string _directory = Directory.CreateTempSubdirectory("tandem-usage-").FullName;
        private readonly VerifierIndex _index = new(1);
        private readonly DataKeys _keys = new(Enum.GetValues<DataKeyPurpose>().Select(p => DataKey.Generate((long)p, p)));

        public (AccountSid Sid, VerifierIndex Index) Create(TimeProvider time, AccountSid? owner = null)
        {
            var sid = AccountSid.Create();
            _index.Apply(
                new()
                {
                    Sid = sid,
                    OwnerSid = owner ?? sid,
                    FriendlyName = "Acme",
                    Status = AccountStatus.Active,
                    Generation = 1,
                    DateCreated = time.GetUtcNow(),
                    DateUpdated = time.GetUtcNow(),
                    Primary = new(VerifierValue.FromBytes(new byte[32]), new(1), time.GetUtcNow(), null),
                },
                1);
            return (sid, _index);
        }

        /// <summary>Changes the usage file from outside.</summary>
        public void Execute(string sql)
        {
            using var connection = new SqliteConnection($"Data Source={Path.Combine(_directory, UsageFile.Name)};Pooling=False");
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }

        public UsageRecorder Recorder(TimeProvider time) =>
            new(_index, _keys, new() { DataDirectory = _directory }, time, NullLogger<UsageRecorder>.Instance);

        public void Dispose()
        {
            _keys.Dispose();
            Directory.Delete(_directory, recursive: true);
        }
    }
}
