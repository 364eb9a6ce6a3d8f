using Xunit;

namespace Tandem.Tests;

public sealed class DataKeysTests
{
    [Fact]
    public void Of_each_purpose_the_newest_serves_and_older_seal_keys_still_open()
    {
        using var keys = new DataKeys(
        [
            .. Enum.GetValues<DataKeyPurpose>().Select((p, i) => DataKey.Generate(i + 1, p)),
            DataKey.Generate(20, DataKeyPurpose.Seal),
            DataKey.Generate(10, DataKeyPurpose.Seal),
        ]);

        Assert.Equal(20, keys.Seal.Id);
        Assert.Equal(10, keys.FindSeal(10)!.Id);
        Assert.Null(keys.FindSeal(11));
    }

    [Fact]
    public void No_other_key_is_taken_for_a_seal_key()
    {
        using var keys = Some.Keys();

        Assert.Null(keys.FindSeal(keys.Pepper.Id));
        Assert.NotNull(keys.FindSeal(keys.Seal.Id));
    }

    [Fact]
    public void A_purpose_without_a_key_is_a_fault()
    {
        var fault = Assert.Throws<InvalidDataException>(() => new DataKeys([DataKey.Generate(1, DataKeyPurpose.Pepper)]));

        Assert.Equal("The store holds no Seal key.", fault.Message);
    }

    [Fact]
    public void Disposing_zeroes_them()
    {
        var keys = Some.Keys();
        keys.Dispose();

        Assert.True(keys.Pepper.Bytes.IndexOfAnyExcept((byte)0) < 0);
        Assert.True(keys.Seal.Bytes.IndexOfAnyExcept((byte)0) < 0);
    }
}
