using System.Text;
using CsCheck;
using Xunit;

namespace Tandem.Tests.Store;

/// <summary>Random calls by tokens alive and dead, against a model of two texts.</summary>
public abstract class RotationSequenceSpec<TStore> : StoreSpec<TStore>
    where TStore : ITestStore, new()
{
    private static readonly Gen<(int Action, int Caller)[]> Steps = Gen.Select(Gen.Int[0, 3], Gen.Int[0, 4]).Array[1, 25];

    [Fact]
    public async Task Any_sequence_of_calls_ends_where_the_model_does() => await Steps.SampleAsync(RunAsync, iter: 100, threads: 1);

    /// <summary>
    /// The caller is the operator (0), the primary (1), the secondary (2), or one of the two again as it was admitted at the start of
    /// the sequence or before the last change (3, 4): a credential that may have died since.
    /// </summary>
    private async Task RunAsync((int Action, int Caller)[] steps)
    {
        var (sid, primary) = await NewAccountAsync();
        string? secondary = null;
        var (first, last) = ((primary, With(sid, primary)), (primary, With(sid, primary)));
        var dead = new List<string>();
        foreach (var (action, by) in steps)
        {
            var (text, caller) = by switch
            {
                0 => (null, Operator),
                2 when secondary is not null => (secondary, With(sid, secondary)),
                3 => first,
                4 => last,
                _ => (primary, With(sid, primary)),
            };
            last = (secondary ?? primary, With(sid, secondary ?? primary));
            var refusal = text is not null && dead.Contains(text) ? ErrorKind.WrongCredential
                : action == 0 ? secondary is null ? ErrorKind.None : ErrorKind.SecondaryExists
                : secondary is null ? ErrorKind.NoSecondary
                : ErrorKind.None;
            switch (action)
            {
                case 0:
                    var created = await Rotation.CreateSecondaryAsync(caller, sid, Some.Context);
                    Assert.Equal(refusal, created.Error);
                    secondary = created.Value?.Token.Reveal() ?? secondary;
                    break;
                case 1:
                    Assert.Equal(refusal, (await Rotation.DeleteSecondaryAsync(caller, sid, Some.Context)).Error);
                    if (refusal == ErrorKind.None)
                    {
                        dead.Add(secondary!);
                        secondary = null;
                    }

                    break;
                default:
                    var promoted = await Rotation.PromoteAsync(caller, sid, Some.Context);
                    Assert.Equal(refusal, promoted.Error);
                    if (refusal == ErrorKind.None)
                    {
                        Assert.Equal(text is null ? null : secondary, promoted.Value!.Token?.Reveal());
                        dead.Add(primary);
                        (primary, secondary) = (secondary!, null);
                    }

                    break;
            }

            Assert.Equal(Slot.Primary, Check(sid, primary));
            Assert.Equal(secondary is null ? null : Slot.Secondary, secondary is null ? null : Check(sid, secondary));
            Assert.All(dead, d => Assert.Equal(RefusalReason.WrongToken, Verifier.Verify(sid, Encoding.ASCII.GetBytes(d)).Reason));
        }
    }
}

public sealed class SqliteRotationSequence : RotationSequenceSpec<SqliteTestStore>;
