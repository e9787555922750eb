namespace Dcc.Core.Numerics;

/// <summary>
/// Exponential, logarithm and power from IEEE 754 addition, multiplication and division alone, which round alike on every
/// processor. The platform's own functions differ in the last bit between systems, and theta must not (model.md section 7).
/// Accurate to about 2 ulp (tested against the platform's).
/// </summary>
public static class DeterministicMath
{
    // ln 2 in two parts; the first has 21 trailing zero bits, so its product with an exponent is exact (fdlibm's split).
    private const double Ln2High = 6.93147180369123816490e-01;
    private const double Ln2Low = 1.90821492927058770002e-10;
    private const double SquareRootOfHalf = 0.70710678118654757;

    /// <summary>e^x. Overflows to infinity above 709.78 and underflows to 0 below -745.</summary>
    public static double Exp(double x)
    {
        if (double.IsNaN(x))
        {
            return x;
        }

        if (x > 709.782712893384)
        {
            return double.PositiveInfinity;
        }

        if (x < -745.2)
        {
            return 0;
        }

        var n = Math.Round(x / Ln2High);
        return Scale(ExpReduced((x - (n * Ln2High)) - (n * Ln2Low)), (int)n);
    }

    /// <summary>Natural logarithm of a positive x; NaN below 0, minus infinity at 0.</summary>
    public static double Log(double x)
    {
        if (double.IsNaN(x) || x < 0)
        {
            return double.NaN;
        }

        if (x == 0)
        {
            return double.NegativeInfinity;
        }

        if (double.IsPositiveInfinity(x))
        {
            return x;
        }

        var exponent = Split(x, out var mantissa);
        return (exponent * Ln2High) + (LogMantissa(mantissa) + (exponent * Ln2Low));
    }

    /// <summary>
    /// x^y for x >= 0 and finite y. Integer powers are repeated multiplication; the fraction of y goes through base 2, with the
    /// exponent kept in two parts so that no accuracy is lost for large x.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">x is negative, or x or y is not finite.</exception>
    public static double Pow(double x, double y)
    {
        if (!(x >= 0) || double.IsInfinity(x))
        {
            throw new ArgumentOutOfRangeException(nameof(x), x, "x must be finite and at least 0.");
        }

        if (!double.IsFinite(y))
        {
            throw new ArgumentOutOfRangeException(nameof(y), y, "y must be finite.");
        }

        if (y == 0 || x == 1)
        {
            return 1;
        }

        if (x == 0)
        {
            return y > 0 ? 0 : double.PositiveInfinity;
        }

        if (y < 0)
        {
            return 1 / Pow(x, -y);
        }

        var whole = Math.Truncate(y);
        var fraction = y - whole;
        var power = IntegerPower(x, whole);
        return fraction == 0 ? power : power * FractionalPower(x, fraction);
    }

    private static double IntegerPower(double x, double whole)
    {
        if (whole > 1024)
        {
            // Squaring keeps the relative error near whole * 2^-53; above this, every x but those next to 1 has over- or underflowed.
            return Exp(whole * Log(x));
        }

        var result = 1.0;
        for (var n = (int)whole; n > 0; n >>= 1)
        {
            if ((n & 1) != 0)
            {
                result *= x;
            }

            if (n > 1)
            {
                x *= x;
            }
        }

        return result;
    }

    // x^f = 2^(e f) * exp(f log m) for x = m 2^e and 0 < f < 1.
    private static double FractionalPower(double x, double f)
    {
        var exponent = Split(x, out var mantissa);
        var fHigh = BitConverter.UInt64BitsToDouble(BitConverter.DoubleToUInt64Bits(f) & 0xFFFF_FFFF_F800_0000UL);
        var exact = exponent * fHigh;
        var n = Math.Round(exact);
        var rest = (exact - n) + (exponent * (f - fHigh));
        return Scale(ExpReduced((rest * (Ln2High + Ln2Low)) + (f * LogMantissa(mantissa))), (int)n);
    }

    // Taylor series on |r| <= 0.7; the last term is below 2^-54.
    private static double ExpReduced(double r)
    {
        var sum = 1.0;
        for (var k = 17; k >= 1; k--)
        {
            sum = 1 + (r / k * sum);
        }

        return sum;
    }

    // log m = 2 atanh((m-1)/(m+1)) for m in [sqrt(1/2), sqrt(2)): |s| <= 0.172, so the series to s^23 is exact to the last bit or two.
    private static double LogMantissa(double m)
    {
        var s = (m - 1) / (m + 1);
        var square = s * s;
        var sum = 0.0;
        for (var k = 23; k >= 3; k -= 2)
        {
            sum = (sum + (1.0 / k)) * square;
        }

        return 2 * (s + (s * sum));
    }

    private static int Split(double x, out double mantissa)
    {
        var shift = 0;
        if (x < 2.2250738585072014e-308)
        {
            x *= 1UL << 54;
            shift = 54;
        }

        var bits = BitConverter.DoubleToUInt64Bits(x);
        var exponent = (int)(bits >> 52) - 1022;
        mantissa = BitConverter.UInt64BitsToDouble((bits & 0x000F_FFFF_FFFF_FFFFUL) | 0x3FE0_0000_0000_0000UL);
        if (mantissa < SquareRootOfHalf)
        {
            mantissa *= 2;
            exponent--;
        }

        return exponent - shift;
    }

    // value * 2^n in two steps, so that neither factor leaves the range of a double.
    private static double Scale(double value, int n)
    {
        var half = n / 2;
        return value * PowerOfTwo(half) * PowerOfTwo(n - half);
    }

    private static double PowerOfTwo(int n) => BitConverter.UInt64BitsToDouble((ulong)(n + 1023) << 52);
}
