namespace Tandem.Cli.Doctor;

/// <summary>How bad something is.</summary>
internal enum Severity
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>It works, and somebody should know.</summary>
    Warn,

    /// <summary>It does not work, or secrets are open.</summary>
    Fail,
}

/// <summary>What was found: what it is about, how bad it is, what it means and the next command.</summary>
/// <param name="Check">What was looked at, two or three words.</param>
/// <param name="Severity">How bad it is.</param>
/// <param name="Text">What was found and what that means. Never a secret.</param>
/// <param name="Next">The next command; null when nothing is to be done.</param>
internal sealed record Finding(string Check, Severity Severity, string Text, string? Next = null)
{
    public static Finding Ok(string check, string text) => new(check, Severity.Ok, text);

    public static Finding Warn(string check, string text, string? next = null) => new(check, Severity.Warn, text, next);

    public static Finding Fail(string check, string text, string? next = null) => new(check, Severity.Fail, text, next);
}

/// <summary>A group of checks. It looks, and changes nothing.</summary>
internal interface ICheckup
{
    IAsyncEnumerable<Finding> ExamineAsync(Subject subject, CancellationToken cancel);
}
