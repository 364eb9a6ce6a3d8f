namespace Tandem.Rotations.Destinations;

/// <summary>
/// A program of the user's that knows the way to anywhere: it is run once a phase with the tokens on its standard input, must end with 0, and
/// must be able to run again.
/// </summary>
internal sealed class CommandDestination(string name, Hook hook) : IDestination
{
    public string Type => "command";

    public string Name => name;

    /// <summary>It is given both, in every phase.</summary>
    public bool HoldsBoth => true;

    public Task<Inspection> InspectAsync(HeldToken? old, CancellationToken cancel) => Task.FromResult(new Inspection
    {
        Problems = hook.Problem() is { } problem ? [problem] : [],
        Changes = [$"runs {hook.Text} with both tokens on its standard input, for deliver, verify, rollback, tidy"],
    });

    public async Task<string> DeliverAsync(Delivery delivery, CancellationToken cancel)
    {
        await hook.RunAsync("deliver", delivery, cancel);
        return "ran";
    }

    public Task VerifyAsync(Delivery delivery, CancellationToken cancel) => hook.RunAsync("verify", delivery, cancel);

    public async Task<string?> RollBackAsync(Delivery delivery, CancellationToken cancel)
    {
        await hook.RunAsync("rollback", delivery, cancel);
        return null;
    }

    public async Task<string?> TidyAsync(Delivery delivery, CancellationToken cancel)
    {
        await hook.RunAsync("tidy", delivery, cancel);
        return "ran";
    }
}
