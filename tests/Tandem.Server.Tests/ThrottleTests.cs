using System.Net;
using Xunit;

namespace Tandem.Server.Tests;

public sealed class ThrottleTests
{
    private static readonly AccountSid s_sid = AccountSid.Create();

    [Fact]
    public void A_budget_is_spent_to_the_last_and_grows_back_to_its_burst_and_no_further()
    {
        var table = new FailureTable(new(5, 2), frequency: 1000, entries: 8);
        Assert.Equal(5, Spend(table, now: 0, times: 9));
        Assert.Equal(0, Spend(table, now: 499, times: 9));
        Assert.Equal(1, Spend(table, now: 500, times: 9));
        Assert.Equal(3, Spend(table, now: 2000, times: 9));
        Assert.Equal(5, Spend(table, now: 1_000_000, times: 9));
    }

    [Fact]
    public void A_full_table_forgets_the_lightest_and_lets_it_fail_again()
    {
        var table = new FailureTable(new(5, 1), frequency: 1000, entries: 8); // one set
        Assert.Equal(5, Spend(table, now: 0, times: 9, source: 1));
        for (ulong other = 2; other < 1000; other++)
        {
            Assert.True(table.TrySpend(other, s_sid, 0));
        }

        Assert.Equal(0, Spend(table, now: 0, times: 9, source: 1)); // who guessed most is remembered
        Assert.Equal(5, Spend(table, now: 0, times: 9, source: 5_000)); // a newcomer has a full budget
    }

    [Fact]
    public async Task Parallel_spending_is_exact()
    {
        var table = new FailureTable(new(10_000, 1), frequency: 1000, entries: 1 << 10);
        var spent = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Spend(table, now: 0, times: 5_000))));
        Assert.Equal(10_000, spent.Sum());
    }

    [Theory]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", true)]
    [InlineData("2001:db8::1", "2001:db8:0:1::1", false)]
    [InlineData("fe80::1%1", "fe80::1%2", true)]
    [InlineData("::1", "127.0.0.1", false)]
    public void A_source_is_an_IPv4_address_or_an_IPv6_network(string one, string other, bool same) =>
        Assert.Equal(same, Throttle.SourceOf(IPAddress.Parse(one)) == Throttle.SourceOf(IPAddress.Parse(other)));

    [Theory]
    [InlineData("300+1/s", 300, 1)]
    [InlineData("1+1000000/s", 1, 1_000_000)]
    public void A_budget_is_read_as_it_is_written(string text, int burst, int perSecond)
    {
        Assert.True(FailureBudget.TryParse(text, out var budget));
        Assert.Equal((new FailureBudget(burst, perSecond), text), (budget, budget.ToString()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("300")]
    [InlineData("300+1")]
    [InlineData("300+1/m")]
    [InlineData("300+/s")]
    [InlineData("+1/s")]
    [InlineData("0+1/s")]
    [InlineData("300+0/s")]
    [InlineData("300+0.5/s")]
    [InlineData("-1+1/s")]
    [InlineData(" 300+1/s")]
    [InlineData("1000001+1/s")]
    [InlineData("99999999999+1/s")]
    [InlineData("300+1/s+1/s")]
    public void Anything_else_is_no_budget(string? text) => Assert.False(FailureBudget.TryParse(text, out _));

    private static int Spend(FailureTable table, long now, int times, ulong source = 1)
    {
        var spent = 0;
        for (var i = 0; i < times; i++)
        {
            spent += table.TrySpend(source, s_sid, now) ? 1 : 0;
        }

        return spent;
    }
}
