using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Dcc.Core.Exact;
using Dcc.Core.Validation;

namespace Dcc.Cli.Commands;

/// <summary>dcc exact: one device's exact optimum, as JSON.</summary>
internal static class ExactCommand
{
    internal static Command Create()
    {
        var system = Inputs.SystemFile(required: true);
        var device = Inputs.Number<int>("--device", "Device index, from 0.", "I");
        var theta = Inputs.Number<double>("--theta", "Constraint on the offload frequency, in [0, 1].", "T");
        var price = Inputs.Number<double>("--price", "Congestion price per offload, at least 0.", "P");
        device.Required = theta.Required = price.Required = true;
        var command = new DccCommand("exact", "One device's exact optimum at a constraint and a price, as JSON.")
        {
            Purpose = "Solves one device's constrained decision process exactly and prints its cost per step (j), how often it offloads (frequency) and "
                + "the Lagrange multiplier of its constraint (multiplier), as one JSON object.",
            Examples = [("dcc exact --system system.json --device 0 --theta 0.1 --price 0.75", "the first device, offloading in 10 % of steps at most")],
        };
        command.Add("Options", system, device, theta, price);
        command.SetAction(parsed =>
        {
            var described = Inputs.ReadSystem(parsed.GetValue(system)!);
            var index = parsed.GetValue(device)!.Value;
            if (index < 0 || index >= described.Devices.Length)
            {
                throw new InvalidInputException(
                    "device", string.Create(CultureInfo.InvariantCulture, $"an index from 0 to {described.Devices.Length - 1}"),
                    index.ToString(CultureInfo.InvariantCulture));
            }

            var constraint = Inputs.Within("theta", parsed.GetValue(theta)!.Value, 0, 1);
            var cost = Inputs.Within("price", parsed.GetValue(price)!.Value, 0, double.MaxValue);
            var point = ExactCurve.Of(described.Device(index), described.Gamma).Read(constraint, cost);
            Console.Out.WriteLine(JsonSerializer.Serialize(
                new { j = point.Cost, frequency = point.Frequency, multiplier = point.Multiplier }));
            return Program.Done;
        });
        return command;
    }
}
