using Tandem.Rotations;

namespace Tandem.Cli;

/// <summary>Gives each way in which a rotation stops its exit code.</summary>
internal static class Failures
{
    public static async Task<T> InWordsAsync<T>(Func<Task<T>> run)
    {
        try
        {
            return await run();
        }
        catch (RotationException e)
        {
            throw new CommandException(CodeOf(e.Failure), e.Message, e);
        }
    }

    public static T InWords<T>(Func<T> run)
    {
        try
        {
            return run();
        }
        catch (RotationException e)
        {
            throw new CommandException(CodeOf(e.Failure), e.Message, e);
        }
    }

    public static int CodeOf(RotationFailure failure) => failure switch
    {
        RotationFailure.Usage => ExitCode.Usage,
        RotationFailure.Declined => ExitCode.Declined,
        RotationFailure.Credential => ExitCode.Forbidden,
        RotationFailure.Precondition => ExitCode.Precondition,
        RotationFailure.Destination => ExitCode.Destination,
        RotationFailure.Verification => ExitCode.Verification,
        RotationFailure.Pending or RotationFailure.Held => ExitCode.Pending,
        _ => ExitCode.Failed,
    };
}
