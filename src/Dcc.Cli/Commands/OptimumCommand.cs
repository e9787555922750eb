using System.CommandLine;
using System.Text.Json;
using Dcc.Cli.Terminal;
using Dcc.Core.Coordination;
using Dcc.Core.Engine;
using Dcc.Core.Evaluation;

namespace Dcc.Cli.Commands;

/// <summary>dcc optimum: the best known theta of a system, as JSON.</summary>
internal static class OptimumCommand
{
    internal static Command Create()
    {
        var system = Inputs.SystemFile(required: true);
        var congestion = Inputs.Choice<CongestionKind>("--congestion", "Congestion model [poisson].");
        var form = Inputs.Choice<CongestionForm>("--congestion-form", "Penalty (n-1)^alpha or n^alpha [shifted].");
        var command = new DccCommand("optimum", "Best known theta of a system and its exact cost, as JSON.")
        {
            Purpose = "Searches theta by coordinate descent from several starts over the devices' exact costs, and prints the best one found with its "
                + "discounted, decomposed cost per device. An upper bound on the optimum: what runs are measured against.",
            Examples = [("dcc optimum --system system.json --congestion mean-field", "under eq. 6 of the paper")],
        };
        command.Add("Options", system, congestion, form);
        command.SetAction(async (parsed, cancellation) =>
        {
            var described = Inputs.ReadSystem(parsed.GetValue(system)!);
            var parameters = new RunParameters
            {
                Devices = described.Devices.Length,
                Rounds = 1,
                Seed = 0,
                Exponent = described.Exponent,
                InitialTheta = new double[described.Devices.Length],
                CongestionForm = parsed.GetValue(form) ?? CongestionForm.Shifted,
            };
            parameters = parameters with { Congestion = parsed.GetValue(congestion) ?? parameters.Congestion };
            parameters.Validate();
            var (theta, cost) = await ProgressDisplay.Run("optimum", progress => Task.Run(() =>
            {
                progress.Advance(0, "exact cost curves");
                var objective = new SystemCost(SystemCost.CurvesOf(described), parameters.CreateCongestion());
                return Optimum.Find(
                    objective, long.MaxValue, [], fraction => progress.Advance(fraction, "coordinate descent"), cancellation);
            })).ConfigureAwait(false);
            Console.Out.WriteLine(JsonSerializer.Serialize(new { theta, costPerDevice = cost }));
            return Program.Done;
        });
        return command;
    }
}
