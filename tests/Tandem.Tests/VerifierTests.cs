using System.Text;
using Xunit;

namespace Tandem.Tests;

public sealed class VerifierTests : IDisposable
{
    private const string Primary = "11111111aaaaaaaa22222222bbbbbbbb";
    private const string Secondary = "33333333cccccccc44444444dddddddd";

    private readonly DataKeys _keys = Some.Keys();
    private readonly VerifierIndex _index = new();
    private readonly Verifier _verifier;
    private long _epoch;

    public VerifierTests() => _verifier = new(_index, _keys);

    public void Dispose() => _keys.Dispose();

    [Fact]
    public void Both_tokens_are_valid_and_told_apart()
    {
        Hold(Some.Account(_verifier, Some.Sid, Primary, Secondary));

        Assert.Equal(new Verdict(RefusalReason.None, Some.Sid, Some.Sid, Slot.Primary, 2), Check(Primary));
        Assert.Equal(new Verdict(RefusalReason.None, Some.Sid, Some.Sid, Slot.Secondary, 2), Check(Secondary));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("11111111aaaaaaaa22222222bbbbbbbc")]
    [InlineData("11111111AAAAAAAA22222222BBBBBBBB")]
    [InlineData("11111111aaaaaaaa22222222bbbbbbbb ")]
    [InlineData("11111111aaaaaaaa22222222bbbbbbbb\0")]
    public void Any_other_token_is_wrong(string token)
    {
        Hold(Some.Account(_verifier, Some.Sid, Primary, Secondary));

        Assert.Equal(RefusalReason.WrongToken, Check(token).Reason);
    }

    [Fact]
    public void A_token_is_valid_for_its_own_account_alone()
    {
        Hold(Some.Account(_verifier, Some.Sid, Primary));
        Hold(Some.Account(_verifier, Some.OtherSid, Secondary));

        Assert.Equal(RefusalReason.WrongToken, Check(Secondary).Reason);
        Assert.Equal(RefusalReason.WrongToken, Check(Primary, Some.OtherSid).Reason);
    }

    [Fact]
    public void An_unknown_account_is_told_apart_inside_only() =>
        Assert.Equal(RefusalReason.UnknownAccount, Check(Primary).Reason);

    [Theory]
    [InlineData(128)]
    [InlineData(129)]
    [InlineData(8_000)]
    public void An_over_long_token_is_wrong(int length)
    {
        Hold(Some.Account(_verifier, Some.Sid, Primary));

        Assert.Equal(RefusalReason.WrongToken, Check(new string('1', length)).Reason);
    }

    [Fact]
    public void An_over_long_token_does_not_match_an_empty_slot()
    {
        Hold(Some.Account(_verifier, Some.Sid, Primary) with { Primary = null, Status = AccountStatus.Closed });

        Assert.Equal(RefusalReason.WrongToken, Check(new string('1', 129)).Reason);
    }

    [Fact]
    public void After_a_promote_the_former_primary_is_wrong_and_the_secondary_is_the_primary()
    {
        var account = Some.Account(_verifier, Some.Sid, Primary, Secondary);
        Hold(account);
        Hold(account.Promote(null).Value!);

        Assert.Equal(RefusalReason.WrongToken, Check(Primary).Reason);
        Assert.Equal((RefusalReason.None, Slot.Primary), (Check(Secondary).Reason, Check(Secondary).Slot));
    }

    [Fact]
    public void After_a_delete_the_secondary_is_wrong_and_the_primary_valid()
    {
        var account = Some.Account(_verifier, Some.Sid, Primary, Secondary);
        Hold(account);
        Hold(account.DeleteSecondary().Value!);

        Assert.Equal(RefusalReason.WrongToken, Check(Secondary).Reason);
        Assert.True(Check(Primary).IsValid);
    }

    [Fact]
    public void Of_a_suspended_account_both_tokens_are_refused_until_it_is_activated()
    {
        var account = Some.Account(_verifier, Some.Sid, Primary, Secondary);
        Hold(account.SetStatus(AccountStatus.Suspended, Some.Moment).Value!);

        Assert.Equal(RefusalReason.Suspended, Check(Primary).Reason);
        Assert.Equal(RefusalReason.Suspended, Check(Secondary).Reason);
        Assert.Equal(RefusalReason.WrongToken, Check("x").Reason);

        Hold(account);
        Assert.True(Check(Primary).IsValid);
        Assert.True(Check(Secondary).IsValid);
    }

    [Theory]
    [InlineData(AccountStatus.Suspended)]
    [InlineData(AccountStatus.Closed)]
    public void The_tokens_of_a_subaccount_fall_with_its_parent(AccountStatus status)
    {
        var parent = Some.Account(_verifier, Some.OtherSid, Secondary);
        Hold(parent);
        Hold(Some.Account(_verifier, Some.Sid, Primary, owner: Some.OtherSid));
        Assert.Equal(Some.OtherSid, Check(Primary).OwnerSid);
        Assert.True(Check(Primary).IsValid);

        Hold(parent.SetStatus(status, Some.Moment).Value!);
        Assert.Equal(RefusalReason.Suspended, Check(Primary).Reason);
    }

    [Fact]
    public void A_subaccount_whose_parent_is_not_there_is_refused()
    {
        Hold(Some.Account(_verifier, Some.Sid, Primary, owner: Some.OtherSid));

        Assert.Equal(RefusalReason.Suspended, Check(Primary).Reason);
    }

    [Fact]
    public void Of_a_closed_account_nothing_is_valid()
    {
        Hold(Some.Account(_verifier, Some.Sid, Primary, Secondary).SetStatus(AccountStatus.Closed, Some.Moment).Value!);

        Assert.Equal(RefusalReason.WrongToken, Check(Primary).Reason);
        Assert.Equal(RefusalReason.WrongToken, Check(Secondary).Reason);
    }

    [Fact]
    public void Another_server_with_other_keys_knows_none_of_these_tokens()
    {
        using var others = Some.Keys();
        Hold(Some.Account(_verifier, Some.Sid, Primary));

        Assert.Equal(RefusalReason.WrongToken, new Verifier(_index, others).Verify(Some.Sid, Encoding.ASCII.GetBytes(Primary)).Reason);
        Assert.True(Check(Primary).IsValid); // on the same thread, so that no key is taken from the other verifier
    }

    [Fact]
    public void A_credential_is_admitted_only_while_it_is_valid()
    {
        var account = Some.Account(_verifier, Some.Sid, Primary, Secondary);
        Hold(account);
        using var admitted = _verifier.Admit(Some.Sid, Encoding.ASCII.GetBytes(Secondary))!;

        Assert.Equal(Slot.Secondary, admitted.Verdict.Slot);
        Assert.Equal(Slot.Secondary, Verifier.Match(account, admitted));
        Assert.Equal(Slot.Primary, Verifier.Match(account.Promote(null).Value!, admitted));
        Assert.Null(Verifier.Match(account.DeleteSecondary().Value!, admitted));
        Assert.Null(Verifier.Match(account.SetStatus(AccountStatus.Closed, Some.Moment).Value!, admitted));
        Assert.Null(_verifier.Admit(Some.Sid, "no token of this account, not ev"u8));
    }

    [Fact]
    public void A_check_allocates_nothing()
    {
        Hold(Some.Account(_verifier, Some.Sid, Primary, Secondary));
        byte[][] tokens = [Encoding.ASCII.GetBytes(Primary), Encoding.ASCII.GetBytes(Secondary), new byte[32], new byte[500]];
        AccountSid[] sids = [Some.Sid, Some.OtherSid];
        CheckAll(1_000);

        var before = GC.GetAllocatedBytesForCurrentThread();
        CheckAll(10_000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void CheckAll(int times)
        {
            for (var i = 0; i < times; i++)
            {
                _ = _verifier.Verify(sids[i & 1], tokens[i >> 1 & 3]);
            }
        }
    }

    private void Hold(Account account) => _index.Apply(account, ++_epoch);

    private Verdict Check(string token, AccountSid? sid = null) => _verifier.Verify(sid ?? Some.Sid, Encoding.UTF8.GetBytes(token));
}
