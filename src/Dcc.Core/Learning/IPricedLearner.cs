using Dcc.Core.Randomness;

namespace Dcc.Core.Learning;

/// <summary>
/// Learns to act when an offload has a price: the unconstrained problem inside <see cref="LagrangianSolver{TDevice}"/>. It goes on from what it
/// learned before, at whatever price that was.
/// </summary>
internal interface IPricedLearner
{
    /// <summary>An evaluation begins. While offloading is masked, it is neither tried nor expected, and what is known of it is kept.</summary>
    void Begin(bool mayOffload);

    /// <summary>Learning steps, each one step of the device.</summary>
    /// <param name="steps">At least 0.</param>
    /// <param name="price">Of one offload: congestion price and multiplier together.</param>
    /// <param name="random">Advanced.</param>
    void Train(int steps, double price, ref RandomStream random);

    /// <summary>The action it now holds best in every state; the caller's to keep.</summary>
    byte[] GreedyPolicy();

    /// <summary>The evaluation that was begun has ended.</summary>
    void End();
}
