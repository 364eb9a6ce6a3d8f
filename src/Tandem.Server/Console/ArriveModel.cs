namespace Tandem.Server.Console;

/// <summary>What the page shows that a link on another site leads to: it goes on at once to what was asked for.</summary>
/// <param name="To">What was asked for.</param>
public sealed record ArriveModel(string To) : PageModel("One moment")
{
    /// <inheritdoc />
    public override bool IsNarrow => true;

    /// <inheritdoc />
    public override string? Refresh => To;
}
