using Microsoft.Extensions.DependencyInjection;
using Tandem.Server.Usage;
using Tandem.Testing;
using Xunit;

namespace Tandem.Server.Tests;

/// <summary>What is kept in memory does not depend on how often an account was rotated.</summary>
public sealed class RotationMemoryTests
{
    private const int Accounts = 4;

    /// <summary>Less than half of what a remembered retired token takes: what each rotation leaves behind is less than this.</summary>
    private const double BytesPerRotation = 100;

    private const int BytesOfControl = 400;

    private static readonly int s_rotations = LongRun.Of(1_000, 30_000);

    [Fact]
    public async Task The_live_heap_does_not_grow_with_the_number_of_rotations()
    {
        await using var tandem = await TestTandem.StartAsync();
        var lifecycle = tandem.Services.GetRequiredService<AccountLifecycle>();
        var accounts = new List<AccountSid>();
        for (var i = 0; i < Accounts; i++)
        {
            using var created = (await lifecycle.CreateAsync(Caller.Operator("test"), null, null, new("test", "RQ"))).Value!;
            accounts.Add(created.Account.Sid);
        }

        var (kept, at) = (new List<byte[]>(), new List<long>());
        await RotateAsync(tandem, accounts, s_rotations, null);
        at.Add(Heap(tandem));
        await RotateAsync(tandem, accounts, s_rotations, null);
        at.Add(Heap(tandem));
        await RotateAsync(tandem, accounts, s_rotations, kept); // the control
        at.Add(Heap(tandem));

        var (growth, control) = ((double)(at[1] - at[0]) / s_rotations, (double)(at[2] - at[1]) / s_rotations);
        Assert.True(growth < BytesPerRotation, $"{growth:F0} bytes a rotation are left behind.");
        Assert.True(control > 3 * BytesPerRotation, $"Of {BytesOfControl} bytes that each rotation left behind {control:F0} were seen.");
        GC.KeepAlive(kept);
    }

    private static async Task RotateAsync(TestTandem tandem, List<AccountSid> accounts, int rotations, List<byte[]>? keep)
    {
        var rotation = tandem.Services.GetRequiredService<Rotation>();
        var caller = Caller.Operator("test");
        for (var i = 0; i < rotations; i++)
        {
            var sid = accounts[i % accounts.Count];
            using var created = (await rotation.CreateSecondaryAsync(caller, sid, new("test", "RQ"))).Value!;
            using var promoted = (await rotation.PromoteAsync(caller, sid, new("test", "RQ"))).Value!;
            keep?.Add(new byte[BytesOfControl]);
        }
    }

    /// <summary>What is in use when everything that waits has been counted.</summary>
    private static long Heap(TestTandem tandem)
    {
        _ = tandem.Services.GetRequiredService<UsageRecorder>().Counters;
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
