using Microsoft.Extensions.DependencyInjection;
using Tandem.Server.People;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests.People;

/// <summary>What lives in memory for a while: a calendar that is set makes its time neither longer nor shorter.</summary>
public sealed class SetClockTests
{
    private readonly SettableTime _time = new(Calls.Start);

    public static TheoryData<int> Hours { get; } = [-365 * 24, -1, 1, 365 * 24];

    [Theory]
    [MemberData(nameof(Hours))]
    public async Task A_set_up_link_is_taken_for_half_an_hour(int hours)
    {
        await using var tandem = await TestTandem.StartAsync();
        var link = new SetupLink(tandem.Services.GetRequiredService<IUserStore>(), _time);
        var secret = (await link.CreateAsync())!;

        _time.Set(TimeSpan.FromHours(hours));
        _time.Advance(SetupLink.Lasts - TimeSpan.FromSeconds(1));
        Assert.True(link.Matches(secret));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(link.Matches(secret));
    }

    [Theory]
    [MemberData(nameof(Hours))]
    public void A_rotation_that_is_not_heard_of_gives_way(int hours)
    {
        var (records, sid) = (new RotationRecords(_time, new()), AccountSid.Create());
        Assert.NotNull(records.Tell(sid, Record("1")).Value);
        Assert.Equal(ErrorKind.RotationRunning, records.Tell(sid, Record("2")).Error);

        _time.Set(TimeSpan.FromHours(hours));

        Assert.NotNull(records.Tell(sid, Record("2")).Value);
    }

    private RotationRecord Record(string id) => new() { Id = new string(id[0], 32), Owner = "ada@host", Started = _time.GetUtcNow(), Progress = RotationProgress.Running, Step = "watching" };
}
