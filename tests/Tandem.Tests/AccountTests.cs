using CsCheck;
using Xunit;

namespace Tandem.Tests;

public sealed class AccountTests
{
    private static readonly Account WithOne = new()
    {
        Sid = Some.Sid,
        OwnerSid = Some.Sid,
        FriendlyName = "Shop",
        Status = AccountStatus.Active,
        Generation = 1,
        DateCreated = Some.Moment,
        DateUpdated = Some.Moment,
        Primary = Some.Stored(1),
    };

    private static readonly Account WithTwo = WithOne with { Secondary = Some.Stored(2), Generation = 2 };

    private static readonly Account Closed =
        WithOne with { Status = AccountStatus.Closed, Primary = null, Generation = 2 };

    [Fact]
    public void A_secondary_comes_beside_the_primary()
    {
        var account = WithOne.CreateSecondary(Some.Stored(2)).Value!;

        Assert.Equal(Some.Stored(1), account.Primary);
        Assert.Equal(Some.Stored(2), account.Secondary);
        Assert.Equal(2, account.Generation);
    }

    [Fact]
    public void A_second_secondary_is_refused() =>
        Assert.Equal(ErrorKind.SecondaryExists, WithTwo.CreateSecondary(Some.Stored(3)).Error);

    [Fact]
    public void Deleting_the_secondary_leaves_the_primary_as_it_was()
    {
        var account = WithTwo.DeleteSecondary().Value!;

        Assert.Equal(Some.Stored(1), account.Primary);
        Assert.Null(account.Secondary);
        Assert.Equal(3, account.Generation);
    }

    [Fact]
    public void Promoting_puts_the_secondary_in_the_place_of_the_primary()
    {
        var account = WithTwo.Promote(null).Value!;

        Assert.Equal(Some.Stored(2), account.Primary);
        Assert.Null(account.Secondary);
        Assert.Equal(3, account.Generation);
    }

    [Fact]
    public void Without_a_secondary_there_is_nothing_to_delete_or_promote()
    {
        Assert.Equal(ErrorKind.NoSecondary, WithOne.DeleteSecondary().Error);
        Assert.Equal(ErrorKind.NoSecondary, WithOne.Promote(null).Error);
    }

    [Fact]
    public void A_token_change_ends_the_pause_of_the_primary()
    {
        var paused = WithTwo with { PrimaryPausedUntil = Some.Moment };

        Assert.Null(paused.Promote(null).Value!.PrimaryPausedUntil);
        Assert.Null(paused.DeleteSecondary().Value!.PrimaryPausedUntil);
        Assert.Null(paused.SetStatus(AccountStatus.Closed, Some.Moment).Value!.PrimaryPausedUntil);
    }

    [Fact]
    public void Token_changes_do_not_touch_the_account_resource()
    {
        foreach (var account in new[] { WithOne.CreateSecondary(Some.Stored(2)), WithTwo.DeleteSecondary(), WithTwo.Promote(null) })
        {
            Assert.Equal(Some.Moment, account.Value!.DateUpdated);
        }
    }

    [Theory]
    [InlineData(AccountStatus.Suspended)]
    [InlineData(AccountStatus.Active)]
    public void Suspending_and_activating_keep_both_tokens(AccountStatus status)
    {
        var later = Some.Moment.AddHours(1);
        var account = WithTwo.SetStatus(status, later).Value!;

        Assert.Equal(WithTwo with { Status = status, DateUpdated = later }, account);
    }

    [Fact]
    public void Closing_retires_both_tokens()
    {
        var account = WithTwo.SetStatus(AccountStatus.Closed, Some.Moment).Value!;

        Assert.Null(account.Primary);
        Assert.Null(account.Secondary);
        Assert.Equal(3, account.Generation);
    }

    [Fact]
    public void Closed_is_final()
    {
        Assert.Equal(ErrorKind.AccountClosed, Closed.SetStatus(AccountStatus.Active, Some.Moment).Error);
        Assert.Equal(ErrorKind.AccountClosed, Closed.SetStatus(AccountStatus.Suspended, Some.Moment).Error);
        Assert.Equal(ErrorKind.AccountClosed, Closed.CreateSecondary(Some.Stored(2)).Error);
        Assert.Equal(ErrorKind.AccountClosed, Closed.DeleteSecondary().Error);
        Assert.Equal(ErrorKind.AccountClosed, Closed.Promote(null).Error);
        Assert.Same(Closed, Closed.SetStatus(AccountStatus.Closed, Some.Moment.AddDays(1)).Value);
    }

    [Fact]
    public void Renaming_changes_name_and_date_alone()
    {
        var later = Some.Moment.AddHours(1);

        Assert.Equal(WithTwo with { FriendlyName = "Till", DateUpdated = later }, WithTwo.Rename("Till", later).Value);
    }

    [Fact]
    public void An_account_owned_by_another_is_a_subaccount()
    {
        Assert.False(WithOne.IsSubaccount);
        Assert.True((WithOne with { OwnerSid = Some.OtherSid }).IsSubaccount);
    }

    /// <summary>
    /// Any sequence of changes, against a model that knows nothing but two numbers and a status: what is refused, what is held
    /// afterwards, and that the generation grows by one with each token change and never otherwise.
    /// </summary>
    [Fact]
    public void Any_sequence_of_changes_ends_where_the_model_does() =>
        Gen.Enum<Step>().Array[1, 60].Sample(
            steps =>
            {
                var (account, model, number) = (WithOne, new Model(1, null, AccountStatus.Active), 1);
                foreach (var step in steps)
                {
                    number++;
                    var outcome = Take(account, step, number);
                    var (next, refusal, tokensChanged) = model.Take(step, number);
                    if (outcome.Error != refusal)
                    {
                        return false;
                    }

                    var generation = account.Generation + (tokensChanged ? 1 : 0);
                    (account, model) = (outcome.Value ?? account, next);
                    if (account.Primary?.Fingerprint.Value != model.Primary
                        || account.Secondary?.Fingerprint.Value != model.Secondary
                        || account.Status != model.Status
                        || account.Generation != generation)
                    {
                        return false;
                    }
                }

                return true;
            },
            iter: 10_000);

    private static Outcome<Account> Take(Account account, Step step, int number) => step switch
    {
        Step.Create => account.CreateSecondary(Some.Stored(number)),
        Step.Delete => account.DeleteSecondary(),
        Step.Promote => account.Promote(null),
        Step.Suspend => account.SetStatus(AccountStatus.Suspended, Some.Moment),
        Step.Activate => account.SetStatus(AccountStatus.Active, Some.Moment),
        Step.Rename => account.Rename("Another", Some.Moment),
        _ => account.SetStatus(AccountStatus.Closed, Some.Moment),
    };

    private enum Step
    {
        Create,
        Delete,
        Promote,
        Suspend,
        Activate,
        Rename,
        Close,
    }

    private sealed record Model(int? Primary, int? Secondary, AccountStatus Status)
    {
        public (Model Next, ErrorKind Refusal, bool TokensChanged) Take(Step step, int number)
        {
            if (Status == AccountStatus.Closed)
            {
                return (this, step is Step.Close or Step.Rename ? ErrorKind.None : ErrorKind.AccountClosed, false);
            }

            return (step, Secondary) switch
            {
                (Step.Create, null) => (this with { Secondary = number }, ErrorKind.None, true),
                (Step.Create, _) => (this, ErrorKind.SecondaryExists, false),
                (Step.Delete or Step.Promote, null) => (this, ErrorKind.NoSecondary, false),
                (Step.Delete, _) => (this with { Secondary = null }, ErrorKind.None, true),
                (Step.Promote, _) => (this with { Primary = Secondary, Secondary = null }, ErrorKind.None, true),
                (Step.Suspend, _) => (this with { Status = AccountStatus.Suspended }, ErrorKind.None, false),
                (Step.Activate, _) => (this with { Status = AccountStatus.Active }, ErrorKind.None, false),
                (Step.Close, _) => (new(null, null, AccountStatus.Closed), ErrorKind.None, true),
                _ => (this, ErrorKind.None, false),
            };
        }
    }
}
