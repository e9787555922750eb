using Dcc.Core.Validation;

namespace Dcc.Links.Tests;

public sealed class LinkProfileTests
{
    [Fact]
    public void All_EveryProfile_IsValidAndNamesASource()
    {
        string[] names = ["loopback", "ethernet", "wifi", "5g", "lte", "3g", "nb-iot", "leo-satellite", "geo-satellite"];
        Assert.Equal(names.Order(), LinkProfile.All.Select(profile => profile.Name).Order());
        foreach (var profile in LinkProfile.All)
        {
            var faults = new List<InputFault>();
            profile.Settings.Up.Validate("up", faults);
            profile.Settings.Down.Validate("down", faults);
            Assert.Empty(faults);
            Assert.NotEmpty(profile.Source);
            Assert.Same(profile, LinkProfile.Find(profile.Name));
        }

        Assert.Null(LinkProfile.Find("carrier-pigeon"));
    }
}
